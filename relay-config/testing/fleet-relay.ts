/** A real sshd as relay, with the keys and forced commands of a fleet as `oobm-relay` renders them, and real clients for it. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../testbed/free-port.ts'
import { type KeyPair, makeKey } from '../../testbed/make-key.ts'
import {
  type Finished,
  type Program,
  type ProgramOptions,
  runProgram,
  startProgram,
} from '../../testbed/run-program.ts'
import { type Sshd, startSshd } from '../../testbed/sshd.ts'
import { type Fleet, parseFleet } from '../fleet/fleet-config.ts'
import { renderAuthorizedKeys } from '../fleet/render/authorized-keys.ts'
import { SSHD_SETTINGS } from '../fleet/render/sshd-config.ts'
import { readRelayScripts } from '../relay/scripts.ts'

export interface FleetRelayOptions {
  /** A folder of its own. */
  directory: string
  /** Device → its listener port. */
  devices: Record<string, number>
  /** The rest of the fleet file; `KEY_OF_name` in it becomes the public key of a pair made for that technician. */
  rest?: string
  /** More sshd_config lines. */
  config?: string[]
  /** The first line of the forced commands, in place of `#!/bin/sh`. */
  shebang?: string
}

export interface FleetRelay {
  readonly fleet: Fleet
  /** Its text. */
  readonly fleetText: string
  readonly sshd: Sshd
  /** Where oobm-device-command keeps their records, one folder a device. */
  readonly stateDirectory: string
  /** The key pair of a device or technician. */
  key(name: string): KeyPair
  /** Arguments that take a client to the relay as `name`, up to the login: options may follow, then a command. */
  login(name: string): string[]
  /** Runs ssh as a device or technician. */
  ssh(name: string, options: string[], command?: string, more?: ProgramOptions): Promise<Finished>
  /** Starts an ssh that goes on. */
  startSsh(name: string, options: string[], command?: string): Program
}

/** The caller stops `sshd`. */
export async function startFleetRelay(options: FleetRelayOptions): Promise<FleetRelay> {
  const { directory, devices, rest = '', config = [], shebang = '#!/bin/sh' } = options
  const folder = join(directory, 'oobm')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const keys = new Map<string, KeyPair>()
  const technicians = [...rest.matchAll(/KEY_OF_([a-z]+)/g)].map(match => match[1] ?? '')
  for (const name of [...Object.keys(devices), ...technicians]) keys.set(name, await makeKey(directory, `key-${name}`))
  const key = (name: string) => keys.get(name) ?? unknown(name)

  const authorizedKeys = join(directory, 'authorized_keys')
  await writeFile(authorizedKeys, '')
  const settings = [...config, ...Object.keys(SSHD_SETTINGS)]
  const sshd = await startSshd({
    directory: join(directory, 'sshd'),
    port: await freePort(),
    authorizedKeys: [authorizedKeys],
    config: settings,
  })
  const lines = [
    `version = 1\n[[relays]]\nname = "lab"\nhost = "127.0.0.1"\nport = ${sshd.port}\nuser = "${sshd.user}"`,
    `host_keys = ["${sshd.hostKey.publicKey}"]\ndirectory = "${folder}"`,
    ...Object.entries(devices).map(([name, port]) => `[[devices]]\nname = "${name}"\nport = ${port}`),
    rest.replaceAll(/KEY_OF_([a-z]+)/g, (_, name: string) => key(name).publicKey),
  ]
  const fleetText = lines.join('\n')
  const fleet = parseFleet('fleet.toml', fleetText)
  const deviceKeys = new Map(Object.keys(devices).map(name => [name, key(name).publicKey]))
  for (const relay of fleet.relays) await writeFile(authorizedKeys, renderAuthorizedKeys(fleet, relay, deviceKeys))
  const { deviceCommand, technicianCommand } = readRelayScripts()
  for (const [name, text] of [
    ['oobm-device-command', deviceCommand],
    ['oobm-technician-command', technicianCommand],
  ] as const)
    await writeFile(join(folder, name), text.replace(/^#!.*/, shebang), { mode: 0o755 })
  const knownHosts = join(directory, 'known_hosts')
  await writeFile(knownHosts, `[127.0.0.1]:${sshd.port} ${sshd.hostKey.publicKey}\n`)

  const login = (name: string) => [
    ...['-F', 'none', '-i', key(name).path, '-o', `Port=${sshd.port}`, '-o', `User=${sshd.user}`],
    ...['-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', '-o', `UserKnownHostsFile=${knownHosts}`],
  ]
  const args = (name: string, options: string[], command?: string) => [
    ...login(name),
    ...options,
    '127.0.0.1',
    ...(command === undefined ? [] : [command]),
  ]
  return {
    fleet,
    fleetText,
    sshd,
    stateDirectory: join(folder, 'state'),
    key,
    login,
    ssh: (name, options, command, more) => runProgram('ssh', args(name, options, command), more),
    startSsh: (name, options, command) => startProgram('ssh', args(name, options, command)),
  }
}

function unknown(name: string): never {
  throw new Error(`nobody has the name ${name}`)
}
