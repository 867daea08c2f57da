/** The operator, the relay and a technician of an image test, in the network namespace that the test runs in. */
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { stringifyToml } from '../../../formats/toml-file.ts'
import { makeKey } from '../../../testbed/make-key.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import { type Sshd, startSshd } from '../../../testbed/sshd.ts'

/** Of the relay in the test's namespace: TEST-NET-1 (RFC 5737), nobody's on the internet. */
export const RELAY_ADDRESS = '192.0.2.10'
const RELAY = 'test'
export const DEVICE = 'card'
export const CONSOLE = 'router1'
export const TECHNICIAN = 'tess'
const OOBM_RELAY = join(import.meta.dirname, '../../../build/lib/oobm-relay.cjs')

/** Seconds: so short that a fault shows while somebody watches, and long enough for an emulated board. */
const INTERVALS = {
  keepaliveS: 15,
  probeS: 15,
  selftestS: 60,
  timeoutS: 60,
  backoffMaxS: 5,
  slowRetryS: 5,
  stableS: 10,
}

/** What the fleet file says. */
export type FleetText = Record<'relays' | 'devices' | 'technicians', object[]> & Record<string, unknown>

export interface Operation {
  /** The technician's ssh_config. */
  sshConfig: string
  /** The oobm.toml that the operator issued. */
  provisioning: string
  /** The relay's own directory: the state of its devices. */
  state: string
  fleet: FleetText
  /** Runs oobm-relay. @returns what it printed @throws Error for another exit code than 0 */
  operate(...args: string[]): Promise<string>
  /** At port 443 of this address, and of others. */
  startRelay(...others: string[]): Promise<Sshd>
}

/**
 * Does what an operator does before a card goes out, with the real program.
 * @param root for fleet.toml, the keys, and the relay's files
 * @param more of the fleet file
 */
export async function prepareOperation(root: string, more: Record<string, unknown> = {}): Promise<Operation> {
  const operate = async (...args: string[]) => {
    const { code, stdout, stderr } = await runProgram(process.execPath, [OOBM_RELAY, ...args], {
      cwd: root,
      env: { HOME: root },
    })
    if (code !== 0) throw new Error(`oobm-relay ${args.join(' ')} failed:\n${stdout}${stderr}`)
    return stdout
  }
  const relay = join(root, 'relay')
  await mkdir(relay)
  const hostKey = await makeKey(relay, 'host_key')
  const technicianKey = await makeKey(root, 'technician_key')
  const state = join(relay, 'oobm')
  const fleet = {
    version: 1,
    relays: [
      {
        ...{ name: RELAY, host: RELAY_ADDRESS, user: userInfo().username },
        ...{ hostKeys: [hostKey.publicKey], directory: state },
      },
    ],
    devices: [
      {
        ...{ name: DEVICE, port: 20100, intervals: INTERVALS },
        consoles: [{ name: CONSOLE, path: '/dev/ttyUSB0' }],
      },
    ],
    technicians: [{ name: TECHNICIAN, keys: [technicianKey.publicKey], consoles: 'all', admins: [DEVICE] }],
    ...more,
  }
  await writeFile(join(root, 'fleet.toml'), stringifyToml(fleet))
  await operate('keys', '--all')
  const technician = join(root, 'rendered/technicians', TECHNICIAN)
  await operate('render', '--known-hosts', join(technician, 'known_hosts'), '--identity', technicianKey.path)
  const install = await runProgram('sh', [join(root, 'rendered/relay', RELAY, 'install')], {
    cwd: relay,
    env: { HOME: relay },
  })
  if (install.code !== 0) throw new Error(`install failed:\n${install.stdout}${install.stderr}`)
  await operate('issue', DEVICE, '--out', join(root, 'oobm.toml'))
  const sshConfig = join(technician, 'config')
  // An emulated board takes its time to log somebody in.
  await appendFile(sshConfig, '\nHost *\n  ConnectTimeout 60\n  BatchMode yes\n')
  return {
    ...{ sshConfig, state, fleet, operate },
    provisioning: await readFile(join(root, 'oobm.toml'), 'utf8'),
    startRelay: (...others) =>
      startSshd({
        directory: join(relay, 'sshd'),
        hostKey,
        config: [
          ...[RELAY_ADDRESS, ...others].map(address => `ListenAddress ${address}:443`),
          `Include ${join(root, 'rendered/relay', RELAY, 'sshd_config')}`,
        ],
        authorizedKeys: [join(relay, '.ssh/authorized_keys')],
      }),
  }
}
