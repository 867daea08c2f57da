/** The lines of authorized_keys on a relay: what each key may do there, and nothing else (sshd(8), AUTHORIZED_KEYS FILE FORMAT). */
import { listenersOf } from '../../../formats/listeners.ts'
import { accessOf, relaysOf } from '../access.ts'
import type { Device, Enrolment, Fleet, Relay, Technician } from '../fleet-config.ts'

/**
 * All lines of one relay.
 * @param deviceKeys the public relay key of each device, by its name
 */
export function renderAuthorizedKeys(fleet: Fleet, relay: Relay, deviceKeys: ReadonlyMap<string, string>): string {
  const devices = fleet.devices.filter(device => relaysOf(fleet, device).includes(relay))
  const lines = [
    ...devices.map(device => deviceLine(relay, device, deviceKeys.get(device.name) ?? missing(device))),
    ...fleet.technicians.flatMap(technician => technicianLines(fleet, relay, technician)),
    ...fleet.enrolments.map(enrolment => enrolmentLine(enrolment, relay.directory)),
  ]
  return lines.map(line => `${line}\n`).join('')
}

/** Its two listeners, its own way back to them for the proof, and its forced command. */
export function deviceLine(relay: Relay, device: Device, publicKey: string, commands = sharedCommands(relay)): string {
  const { directory, state } = commands
  const own = Object.values(listenersOf(device.port))
  return authorizedKey(
    [
      ...own.map(port => `permitlisten="127.0.0.1:${port}"`),
      ...own.map(port => `permitopen="127.0.0.1:${port}"`),
      // `exec`: the command finds its sshd as its parent, with no shell between.
      `command="exec ${[`${directory}/oobm-device-command`, device.name, ...(state === undefined ? [] : [state])].join(' ')}"`,
    ],
    publicKey,
    `oobm-device:${device.name}`,
  )
}

/** Where the forced commands are on a relay. */
export interface RelayCommands {
  directory: string
  /** The folder of all records of devices; `state` beside the commands when left out. */
  state?: string
}

function sharedCommands({ directory }: Relay): RelayCommands {
  return { directory }
}

/** What sshd runs for a technician without way 2: it shows the state of their devices, and nothing else. */
export function technicianCommand(
  fleet: Fleet,
  relay: Relay,
  technician: Technician,
  commands: RelayCommands = sharedCommands(relay),
): string {
  const { directory, state = `${directory}/state` } = commands
  const devices = portsByDevice(fleet, relay, technician).map(({ device, ports, consoles }) => ({
    entry: `${device.name}:${ports.join(',')}`,
    consoles: consoles === '' ? '' : `:${consoles}`,
  }))
  const command = (isLong: boolean) =>
    [
      ...['exec', `${directory}/oobm-technician-command`, state],
      ...devices.map(({ entry, consoles }) => `${entry}${isLong || consoles === ALL_CONSOLES ? consoles : ''}`),
    ].join(' ')
  const whole = command(true)
  return whole.length > COMMAND_MAX ? command(false) : whole
}

/** After the ports of a device: its consoles, whichever it has. */
const ALL_CONSOLES = ':+'
/** Characters: the kernel takes 131,072 as one argument of the shell that sshd starts (MAX_ARG_STRLEN, execve(2)). */
const COMMAND_MAX = 100_000

/** Only a relay of our own can open a port to the network for one device and for no other. */
export function isGateway({ accounts }: Relay, { gateway }: Device): boolean {
  return accounts === 'dedicated' && gateway
}

function hasAll(device: Device, own: Device['consoles'], shell: boolean): boolean {
  return own.length === device.consoles.length && (shell || (device.sparePorts ?? []).length === 0)
}

/** The listeners of a relay that a technician may open. */
export function technicianPorts(fleet: Fleet, relay: Relay, technician: Technician): number[] {
  return portsByDevice(fleet, relay, technician).flatMap(({ ports }) => ports)
}

interface Reach {
  device: Device
  ports: number[]
  /** What the relay may tell this technician about: names with commas, or `+` for all of the device. */
  consoles: string
}

function portsByDevice(fleet: Fleet, relay: Relay, technician: Technician): Reach[] {
  return accessOf(fleet, technician)
    .filter(({ device }) => relaysOf(fleet, device).includes(relay))
    .map(({ device, consoles, spares, shell }) => {
      const listeners = listenersOf(device.port)
      return {
        device,
        ports: [
          ...(shell ? [listeners.shell] : []),
          ...(consoles.length + spares.length > 0 ? [listeners.console] : []),
        ],
        consoles:
          consoles.length + spares.length > 0 && hasAll(device, consoles, shell)
            ? '+'
            : [...consoles.map(({ name }) => name), ...spares].join(','),
      }
    })
}

/**
 * One line a key; none for a technician who may reach nothing through this relay, because a line without permitopen permits everything.
 * @param login what a plain login runs, in a terminal, for those who have way 2
 * @param commands where they are, if not in the relay's login
 */
export function technicianLines(
  fleet: Fleet,
  relay: Relay,
  technician: Technician,
  { login, commands }: { login?: string; commands?: RelayCommands } = {},
): string[] {
  const ports = technicianPorts(fleet, relay, technician)
  if (ports.length === 0) return []
  const options = [
    ...(login === undefined ? [] : ['pty']),
    ...ports.map(port => `permitopen="127.0.0.1:${port}"`),
    // Without a permitlisten a key may listen anywhere; no login but root's can listen on port 1, and root's is the lab.
    'permitlisten="127.0.0.1:1"',
    `command="${login ?? technicianCommand(fleet, relay, technician, commands)}"`,
  ]
  return technician.keys.map(key => authorizedKey(options, key, `oobm-technician:${technician.name}`))
}

/**
 * For new boards: one command, until the end of a day, and neither terminal nor forwarding.
 * @param places the folder of the requests, and the file in which the keys of devices are; those beside the command when left out
 */
export function enrolmentLine(
  { name, key, boards, until }: Enrolment,
  directory: string,
  places: string[] = [],
): string {
  const command = ['exec', `${directory}/oobm-enrol-command`, name, boards, ...places].join(' ')
  // Without Z: OpenSSH before 9.1 takes times of its own zone only.
  const expiry = `${until.replaceAll('-', '')}2359`
  return `restrict,expiry-time="${expiry}",command="${command}" ${key} oobm-enrolment:${name}`
}

function authorizedKey(options: string[], publicKey: string, comment: string): string {
  return `${['restrict', 'port-forwarding', ...options].join(',')} ${publicKey} ${comment}`
}

function missing({ name }: Device): never {
  throw new Error(`no relay key of ${name} was given`)
}
