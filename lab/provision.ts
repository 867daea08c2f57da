/** Sets a lab up as an operator and field staff would, with the real programs: fleet file → keys → relay → card → device. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { SHELL_HOST_KEY_PATH, SHELL_KEYS_PATH } from '../device/import/plan-import.ts'
import { commandOf } from '../formats/line-path.ts'
import { SECRETS, SECRETS_DIRECTORY } from '../formats/provisioning.ts'
import { UserError } from '../runtime/errors.ts'
import { programCommand } from '../runtime/program-command.ts'
import { freePortPair, freePorts } from '../testbed/free-port.ts'
import { makeKey } from '../testbed/make-key.ts'
import { runProgram } from '../testbed/run-program.ts'
import type { SshdOptions } from '../testbed/sshd.ts'
import { DEVICE, RELAY, renderLabFleet, SETTINGS_KEY, SHORT_NAMES, TECHNICIAN } from './lab-fleet.ts'
import { prepareUnit, type UnitEnvironment } from './prepare-unit.ts'

export interface Provisioned {
  relaySshd: SshdOptions
  /** The device's own. */
  deviceSshd: SshdOptions
  units: { supervisor: UnitEnvironment; bridge: UnitEnvironment }
  /** The folder in the place of its root. */
  device: string
  /** The file in the LED's place. */
  led: string
}

/** The folder of the bundled programs: this one's own. */
export const PROGRAMS = import.meta.dirname

/** The path of a bundled program. */
export function programPath(name: string): string {
  return join(PROGRAMS, `${name}.cjs`)
}

/**
 * @param root the lab's folder, empty
 * @param equipment path of the console's line
 * @throws UserError with what the program said that failed, or the signal's reason
 */
export async function provision(root: string, equipment: string, signal: AbortSignal): Promise<Provisioned> {
  const run = (command: string, args: string[], home = root) => runOrThrow(command, args, root, home, signal)
  const runOurs = (program: string, ...args: string[]) => {
    const [command = '', ...options] = programCommand(process.execPath, PROGRAMS, program)
    return run(command, [...options, ...args])
  }
  const operate = (...args: string[]) => runOurs('oobm-relay', ...args)
  const [relayPort = 0, shellPort = 0, bridgePort = 0] = await freePorts(3)
  const listenerPort = await freePortPair()
  const relay = join(root, 'relay')
  const device = join(root, 'device')
  const led = join(root, 'led')
  await Promise.all([mkdir(relay), mkdir(join(root, 'technician')), mkdir(device)])
  const relayHostKey = await makeKey(relay, 'host_key')
  const technicianKey = await makeKey(join(root, 'technician'), 'key')
  const settingsKey = await makeKey(root, SETTINGS_KEY)
  const fleet = renderLabFleet({
    user: userInfo().username,
    relay: { port: relayPort, hostKey: relayHostKey.publicKey, directory: join(relay, 'oobm') },
    device: {
      listenerPort,
      shellPort,
      shellHostKeyFile: join(device, SHELL_HOST_KEY_PATH),
      bridgePort,
      led,
      // A command is not the operator's to say: `prepareLine` has it.
      equipment: commandOf(equipment) === undefined ? equipment : 'exec:',
    },
    technicianKey: technicianKey.publicKey,
    settingsKey: settingsKey.publicKey,
  })
  await writeFile(join(root, 'fleet.toml'), fleet)

  await operate('keys', '--all')
  const technician = join(root, 'rendered/technicians', TECHNICIAN)
  await operate('render', '--known-hosts', join(technician, 'known_hosts'), '--identity', technicianKey.path)
  await writeFile(join(root, 'ssh_config'), withShortNames(await readFile(join(technician, 'config'), 'utf8')))
  // On a relay it is run in the login's home; here the login is a real person's, so it gets another.
  await run('sh', [join(root, 'rendered/relay', RELAY, 'install')], relay)
  await operate('issue', DEVICE, '--out', join(root, 'oobm.toml'))
  await runOurs('oobm', 'import', join(root, 'oobm.toml'), '--root', device)

  const units = { supervisor: await prepareUnit(device, 'oobm'), bridge: await prepareUnit(device, 'oobm-console') }
  const shellHostKey = join(device, SECRETS_DIRECTORY, SECRETS.shellHostKey.source)
  return {
    led,
    units,
    device,
    relaySshd: {
      directory: join(relay, 'sshd'),
      port: relayPort,
      hostKey: relayHostKey,
      config: [`Include ${join(root, 'rendered/relay', RELAY, 'sshd_config')}`],
      authorizedKeys: [join(relay, '.ssh/authorized_keys')],
    },
    deviceSshd: {
      directory: join(device, 'sshd'),
      port: shellPort,
      hostKey: {
        path: shellHostKey,
        privateKey: await readFile(shellHostKey, 'utf8'),
        publicKey: await readFile(join(device, SHELL_HOST_KEY_PATH), 'utf8'),
      },
      authorizedKeys: [join(device, SHELL_KEYS_PATH), join(units.supervisor.RUNTIME_DIRECTORY, 'selftest.keys')],
    },
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
