/** Sets a lab up as an operator and field staff would, with the real programs: fleet file → keys → relay → cards → devices. */
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { SHELL_HOST_KEY_PATH, SHELL_KEYS_PATH } from '../device/import/plan-import.ts'
import { commandOf } from '../formats/line-path.ts'
import { SECRETS, SECRETS_DIRECTORY } from '../formats/provisioning.ts'
import { UserError } from '../runtime/errors.ts'
import { programCommand } from '../runtime/program-command.ts'
import { freePortPairs, freePorts } from '../testbed/free-port.ts'
import { type KeyPair, makeKey } from '../testbed/make-key.ts'
import { runProgram } from '../testbed/run-program.ts'
import type { SshdOptions } from '../testbed/sshd.ts'
import {
  DEVICE,
  DEVICES,
  type DeviceName,
  PERSONS,
  type Person,
  RELAY,
  renderLabFleet,
  SETTINGS_KEY,
  SHORT_NAMES,
} from './lab-fleet.ts'
import { prepareUnit, type UnitEnvironment } from './prepare-unit.ts'

export interface Provisioned {
  /** TCP port of 127.0.0.1. */
  relayPort: number
  relaySshd: SshdOptions
  devices: ProvisionedDevice[]
}

export interface ProvisionedDevice {
  name: DeviceName
  /** All of it. */
  folder: string
  /** The folder in the place of its root. */
  root: string
  console: string
  equipment: string
  sshd: SshdOptions
  units: { supervisor: UnitEnvironment; bridge: UnitEnvironment }
  /** The file in the LED's place. */
  led: string
  /** Where its line to the relay begins: a TCP port of 127.0.0.1. */
  linePort: number
}

/** In alice's folder: with it she logs in at the relay as who runs it. */
export const OPERATOR_KEY = 'operator_key'

/** The folder of the bundled programs: this one's own. */
export const PROGRAMS = import.meta.dirname

/** The path of a bundled program. */
export function programPath(name: string): string {
  return join(PROGRAMS, `${name}.cjs`)
}

/** What somebody has at their own machine: keys, and what the operator gave them. */
export function seatOf(root: string, person: Person) {
  const folder = join(root, 'people', person)
  return { folder, key: join(folder, 'key'), config: join(folder, 'config'), knownHosts: join(folder, 'known_hosts') }
}

/**
 * @param root the lab's folder, empty
 * @param equipment path of the line of the first device's console
 * @throws UserError with what the program said that failed, or the signal's reason
 */
export async function provision(root: string, equipment: string, signal: AbortSignal): Promise<Provisioned> {
  const run = (command: string, args: string[], home = root) => runOrThrow(command, args, root, home, signal)
  const runOurs = (program: string, ...args: string[]) => {
    const [command = '', ...options] = programCommand(process.execPath, PROGRAMS, program)
    return run(command, [...options, ...args])
  }
  const operate = (...args: string[]) => runOurs('oobm-relay', ...args)
  const relay = join(root, 'relay')
  for (const folder of [relay, ...DEVICES.map(({ name }) => join(root, name))]) await mkdir(folder)
  const ports = await freePorts(1 + DEVICES.length * 3)
  const take = () => ports.pop() ?? 0
  const listenerPorts = await freePortPairs(DEVICES.length)
  const relayPort = take()
  const devices = DEVICES.map(({ name, console }, index) => {
    const folder = join(root, name)
    return {
      ...{ name, console, folder, root: join(folder, 'root'), led: join(folder, 'led') },
      ...{ shellPort: take(), bridgePort: take(), linePort: take(), listenerPort: listenerPorts[index] ?? 0 },
      equipment: name === DEVICE ? equipment : 'sim:router',
    }
  })
  for (const device of devices) await mkdir(device.root)
  const relayHostKey = await makeKey(relay, 'host_key')
  const settingsKey = await makeKey(root, SETTINGS_KEY)
  const keys = {} as Record<Person, KeyPair>
  for (const person of PERSONS) {
    await mkdir(seatOf(root, person).folder, { recursive: true })
    keys[person] = await makeKey(seatOf(root, person).folder, 'key')
  }
  const operatorKey = await makeKey(seatOf(root, 'alice').folder, OPERATOR_KEY)
  const fleet = renderLabFleet({
    user: userInfo().username,
    relay: { port: relayPort, hostKey: relayHostKey.publicKey, directory: join(relay, 'oobm') },
    devices: devices.map(device => ({
      ...device,
      shellHostKeyFile: join(device.root, SHELL_HOST_KEY_PATH),
      // A command is not the operator's to say: `prepareLine` has it.
      equipment: commandOf(device.equipment) === undefined ? device.equipment : 'exec:',
    })),
    keys: mapValues(keys, ({ publicKey }) => publicKey),
    settingsKey: settingsKey.publicKey,
  })
  await writeFile(join(root, 'fleet.toml'), fleet)

  await operate('keys', '--all')
  // Each has their own key, and the folder where they put what they were given.
  for (const person of [...PERSONS].reverse()) {
    const { folder, key, knownHosts } = seatOf(root, person)
    await operate('render', '--known-hosts', knownHosts, '--identity', key)
    for (const file of ['config', 'known_hosts'])
      await cp(join(root, 'rendered/technicians', person, file), join(folder, file))
  }
  await writeFile(join(root, 'ssh_config'), withShortNames(await readFile(seatOf(root, 'alice').config, 'utf8')))
  // The login of a shared relay is its operator's, with a key of its own that was there before; as a technician she may do what
  // others may. The script is run in the login's home; here the login is a real person's, so it gets another.
  await mkdir(join(relay, '.ssh'), { mode: 0o700 })
  await writeFile(join(relay, '.ssh/authorized_keys'), `${operatorKey.publicKey} alice\n`, { mode: 0o600 })
  await run('sh', [join(root, 'rendered/relay', RELAY, 'install')], relay)
  const provisioned = devices.map(async device => {
    const card = join(device.folder, 'oobm.toml')
    await operate('issue', device.name, '--out', card)
    await runOurs('oobm', 'import', card, '--root', device.root)
    const units = {
      supervisor: await prepareUnit(device.root, 'oobm'),
      bridge: await prepareUnit(device.root, 'oobm-console'),
    }
    return { ...device, units, sshd: await sshdOf(device, units.supervisor) }
  })
  // What tests and pages of the first device say.
  for (const [name, of] of Object.entries({ led: 'led', oobm: 'oobm', device: 'root' }))
    await symlink(join(DEVICE, of), join(root, name))
  return {
    relayPort,
    relaySshd: {
      directory: join(relay, 'sshd'),
      port: relayPort,
      hostKey: relayHostKey,
      config: [
        // The operator's program, as the package installs it.
        `SetEnv PATH=${join(relay, 'bin')}:/usr/local/bin:/usr/bin:/bin SHLVL=1`,
        `Include ${join(root, 'rendered/relay', RELAY, 'sshd_config')}`,
      ],
      authorizedKeys: [join(relay, '.ssh/authorized_keys')],
    },
    devices: await Promise.all(provisioned),
  }
}

async function sshdOf(
  { folder, root, shellPort }: { folder: string; root: string; shellPort: number },
  supervisor: UnitEnvironment,
): Promise<SshdOptions> {
  const path = join(root, SECRETS_DIRECTORY, SECRETS.shellHostKey.source)
  return {
    directory: join(folder, 'sshd'),
    // `ssh shell oobm status` finds this device's.
    config: [`SetEnv PATH=${folder}:/usr/local/bin:/usr/bin:/bin SHLVL=1`],
    port: shellPort,
    hostKey: {
      path,
      privateKey: await readFile(path, 'utf8'),
      publicKey: await readFile(join(root, SHELL_HOST_KEY_PATH), 'utf8'),
    },
    authorizedKeys: [join(root, SHELL_KEYS_PATH), join(supervisor.RUNTIME_DIRECTORY, 'selftest.keys')],
  }
}

async function runOrThrow(
  command: string,
  args: string[],
  cwd: string,
  home: string,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  const { code, stdout, stderr } = await runProgram(command, args, { cwd, env: { HOME: home } })
  if (code !== 0) throw new UserError(`${[command, ...args].join(' ')} failed:\n${stdout}${stderr}`.trimEnd())
}

/** @param config the technician's ssh_config */
function withShortNames(config: string): string {
  return Object.entries(SHORT_NAMES).reduce(
    (text, [host, short]) => text.replace(new RegExp(`^Host ${host}(?=[ \\n])`, 'm'), `$& ${short}`),
    config,
  )
}

function mapValues<K extends string, V, W>(values: Record<K, V>, change: (value: V) => W): Record<K, W> {
  return Object.fromEntries(Object.entries<V>(values).map(([key, value]) => [key, change(value)])) as Record<K, W>
}
