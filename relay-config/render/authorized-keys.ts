/** The lines of authorized_keys on a relay: what each key may do there, and nothing else (sshd(8), AUTHORIZED_KEYS FILE FORMAT). */
import { accessOf, listenersOf, relaysOf } from '../access.ts'
import type { Device, Fleet, Relay, Technician } from '../fleet-config.ts'

/** Said to a technician who logs in to the relay itself. No character in it means anything to any shell. */
const TECHNICIAN_SENTENCE =
  'This key opens consoles by way of the relay, and runs nothing on it. Use the ssh_config that came with it.'

/** What sshd runs for a technician who has no way 2. */
export const TECHNICIAN_WORD = `echo ${TECHNICIAN_SENTENCE}; exit 1`

/**
 * All lines of one relay.
 * @param deviceKeys the public relay key of each device, by its name
 */
export function renderAuthorizedKeys(fleet: Fleet, relay: Relay, deviceKeys: ReadonlyMap<string, string>): string {
  const devices = fleet.devices.filter(device => relaysOf(fleet, device).includes(relay))
  const lines = [
    ...devices.map(device => deviceLine(relay, device, deviceKeys.get(device.name) ?? missing(device))),
    ...fleet.technicians.flatMap(technician => technicianLines(fleet, relay, technician)),
  ]
  return lines.map(line => `${line}\n`).join('')
}

/** Its two listeners, its own way back to them for the proof, and its words. */
export function deviceLine(relay: Relay, device: Device, publicKey: string, words = sharedWords(relay)): string {
  const own = Object.values(listenersOf(device))
  return authorizedKey(
    [
      ...own.map(port => `permitlisten="127.0.0.1:${port}"`),
      ...own.map(port => `permitopen="127.0.0.1:${port}"`),
      // `exec`: the word finds its sshd as its parent, with no shell between.
      `command="exec ${[words.script, device.name, ...(words.state === undefined ? [] : [words.state])].join(' ')}"`,
    ],
    publicKey,
    `oobm-device:${device.name}`,
  )
}

/** Where the words of the devices are on a relay. */
export interface DeviceWords {
  script: string
  /** The folder of all records; beside the script when left out. */
  state?: string
}

function sharedWords({ directory }: Relay): DeviceWords {
  return { script: `${directory}/oobm-device-word` }
}

/** Only a relay of our own can open a port to the network for one device and for no other. */
export function isGateway({ accounts }: Relay, { gateway }: Device): boolean {
  return accounts === 'dedicated' && gateway
}

/** The listeners of a relay that a technician may open. */
export function technicianPorts(fleet: Fleet, relay: Relay, technician: Technician): number[] {
  return accessOf(fleet, technician)
    .filter(({ device }) => relaysOf(fleet, device).includes(relay))
    .flatMap(({ device, consoles, shell }) => {
      const listeners = listenersOf(device)
      return [...(shell ? [listeners.shell] : []), ...(consoles.length > 0 ? [listeners.console] : [])]
    })
}

/**
 * One line a key; none for whoever may reach nothing by this relay, because no permitopen at all would permit everything.
 * @param loginWord what a plain login runs, in a terminal; it says that there is nothing, when left out
 */
export function technicianLines(fleet: Fleet, relay: Relay, technician: Technician, loginWord?: string): string[] {
  const ports = technicianPorts(fleet, relay, technician)
  if (ports.length === 0) return []
  const options = [
    ...(loginWord === undefined ? [] : ['pty']),
    ...ports.map(port => `permitopen="127.0.0.1:${port}"`),
    // Without a permitlisten a key may listen anywhere; no login but root's can listen on port 1, and root's is the lab.
    'permitlisten="127.0.0.1:1"',
    `command="${loginWord ?? TECHNICIAN_WORD}"`,
  ]
  return technician.keys.map(key => authorizedKey(options, key, `oobm-technician:${technician.name}`))
}

function authorizedKey(options: string[], publicKey: string, comment: string): string {
  return `${['restrict', 'port-forwarding', ...options].join(',')} ${publicKey} ${comment}`
}

function missing({ name }: Device): never {
  throw new Error(`no relay key of ${name} was given`)
}
