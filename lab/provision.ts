/** Sets a lab up as an operator and field staff would, with the real programs: fleet file → keys → relay → card → device. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { errorCode, UserError } from '../runtime/errors.ts'
import { SECRETS, SECRETS_DIRECTORY } from '../runtime/provisioning.ts'
import { stringifyToml } from '../runtime/toml-file.ts'
import { CONFIG_PATH, SHELL_HOST_KEY_PATH, SHELL_KEYS_PATH } from '../supervisor/commands/plan-import.ts'
import { freePortPair, freePorts } from './free-port.ts'
import type { LabDirectory } from './lab-directory.ts'
import { makeKey } from './make-key.ts'
import { runProgram } from './run-program.ts'
import type { SshdOptions } from './sshd.ts'

const RELAY = 'lab'
const DEVICE = 'lab-device'
const CONSOLE = 'router1'
const TECHNICIAN = 'you'

/** What each host of a technician's ssh_config is called in the lab besides. */
const ALIASES = { [`oobm-relay-${RELAY}`]: 'relay', [DEVICE]: 'shell', [CONSOLE]: 'console' }

/** Seconds: short, so that a person who breaks something sees it noticed. */
const INTERVALS = { keepaliveS: 2, probeS: 5, selftestS: 20, timeoutS: 5, backoffMaxS: 4, slowRetryS: 5, stableS: 10 }

/** What the programs find in their environment; on a device systemd says so. */
export type UnitEnvironment = Record<
  'OOBM_CONFIG' | 'RUNTIME_DIRECTORY' | 'STATE_DIRECTORY' | 'CREDENTIALS_DIRECTORY',
  string
>

export interface Provisioned {
  relaySshd: SshdOptions
  /** The device's own. */
  deviceSshd: SshdOptions
  units: { supervisor: UnitEnvironment; bridge: UnitEnvironment }
  /** The file in the LED's place. */
  led: string
}

/** The path of a bundled program, beside this one. */
export function programPath(name: string): string {
  return join(import.meta.dirname, `${name}.cjs`)
}

/**
 * @param equipment path of the console's line
 * @throws UserError with what the program said that failed
 */
export async function provision({ root }: LabDirectory, equipment: string, signal: AbortSignal): Promise<Provisioned> {
  const device = join(root, 'device')
  const shellHostKey = join(device, SECRETS_DIRECTORY, SECRETS.shellHostKey.source)
  const [relayPort = 0, shellPort = 0, bridgePort = 0] = await freePorts(3)
  const led = join(root, 'led')
  await Promise.all([mkdir(join(root, 'relay')), mkdir(join(root, 'technician')), mkdir(device)])
  const relayHostKey = await makeKey(join(root, 'relay'), 'host_key')
  const technicianKey = await makeKey(join(root, 'technician'), 'key')

  const user = userInfo().username
  const fleet = {
    version: 1,
    relays: [
      {
        name: RELAY,
        host: '127.0.0.1',
        port: relayPort,
        user,
        hostKeys: [relayHostKey.publicKey],
        directory: join(root, 'relay/oobm'),
      },
    ],
    devices: [
      {
        name: DEVICE,
        port: await freePortPair(),
        shellUser: user,
        consoles: [{ name: CONSOLE, path: equipment }],
        led: { backend: 'file', path: led },
        intervals: INTERVALS,
        shell: { port: shellPort, hostKeyFile: join(device, SHELL_HOST_KEY_PATH) },
        selftest: { user },
        bridge: { port: bridgePort },
      },
    ],
    technicians: [{ name: TECHNICIAN, keys: [technicianKey.publicKey], shells: [DEVICE] }],
  }
  await writeFile(join(root, 'fleet.toml'), stringifyToml(fleet))

  const run = (command: string, args: string[], home = root) => runOrThrow(command, args, root, home, signal)
  const operate = (...args: string[]) => run(process.execPath, [programPath('oobm-relay'), ...args])
  await operate('keys', '--all')
  const knownHosts = join(root, 'rendered/technicians', TECHNICIAN, 'known_hosts')
  await operate('render', '--known-hosts', knownHosts, '--identity', technicianKey.path)
  // On a relay it is run in the login's home; here the login is a real one, so it gets another.
  await run('sh', [join(root, 'rendered/relay', RELAY, 'install')], join(root, 'relay'))
  await operate('issue', DEVICE, '--out', join(root, 'oobm.toml'))
  await run(process.execPath, [programPath('oobm'), 'import', join(root, 'oobm.toml'), '--root', device])
  await writeSshConfig(root)

  const units = { supervisor: unitEnvironment(device, 'oobm'), bridge: unitEnvironment(device, 'oobm-console') }
  await Promise.all([
    loadCredentials(device, units.supervisor, 'oobm'),
    loadCredentials(device, units.bridge, 'oobm-console'),
  ])
  return {
    led,
    units,
    relaySshd: {
      directory: join(root, 'relay/sshd'),
      port: relayPort,
      hostKey: relayHostKey,
      config: [`Include ${join(root, 'rendered/relay', RELAY, 'sshd_config')}`],
      authorizedKeys: [join(root, 'relay/.ssh/authorized_keys')],
    },
    deviceSshd: {
      directory: join(device, 'sshd'),
      port: shellPort,
      hostKey: { path: shellHostKey, privateKey: '', publicKey: '' },
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

/** The technician's file with the lab's short names beside the hosts' own. */
async function writeSshConfig(root: string): Promise<void> {
  let config = await readFile(join(root, 'rendered/technicians', TECHNICIAN, 'config'), 'utf8')
  for (const [host, alias] of Object.entries(ALIASES))
    config = config.replace(`Host ${host}\n`, `Host ${host} ${alias}\n`)
  await writeFile(join(root, 'ssh_config'), config)
}

function unitEnvironment(device: string, unit: string): UnitEnvironment {
  return {
    OOBM_CONFIG: join(device, CONFIG_PATH),
    RUNTIME_DIRECTORY: join(device, 'run', unit),
    STATE_DIRECTORY: join(device, 'var/lib', unit),
    CREDENTIALS_DIRECTORY: join(device, 'run/credentials', unit),
  }
}

/** What systemd does for a unit: its directories, and copies of its own secrets. */
async function loadCredentials(device: string, environment: UnitEnvironment, unit: string): Promise<void> {
  for (const name of ['RUNTIME_DIRECTORY', 'STATE_DIRECTORY', 'CREDENTIALS_DIRECTORY'] as const) {
    await mkdir(environment[name], { recursive: true, mode: 0o700 })
  }
  for (const secret of Object.values(SECRETS).filter(secret => secret.unit === unit)) {
    const source = join(device, SECRETS_DIRECTORY, secret.source)
    await cp(source, join(environment.CREDENTIALS_DIRECTORY, secret.file)).catch(err => {
      // Not every device has every secret.
      if (errorCode(err) !== 'ENOENT') throw err
    })
  }
}
