/** Sets a world up as an operator and field staff would, with the shipped programs: fleet file → keys → relays → card → device. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SHELL_HOST_KEY_PATH, SHELL_KEYS_PATH } from '../../../../device/import/plan-import.ts'
import type { DeviceConfigInput } from '../../../../formats/device-config.ts'
import { SECRETS, SECRETS_DIRECTORY } from '../../../../formats/provisioning.ts'
import { stringifyToml } from '../../../../formats/toml-file.ts'
import { prepareUnit, type UnitEnvironment } from '../../../../lab/prepare-unit.ts'
import { parseFleet } from '../../../../relay-config/fleet/fleet-config.ts'
import { renderHaproxyConfig } from '../../../../relay-config/relay/dedicated/haproxy-config.ts'
import { type KeyPair, makeKey } from '../../../../testbed/make-key.ts'
import { runProgram } from '../../../../testbed/run-program.ts'
import type { SshdOptions } from '../../../../testbed/sshd.ts'
import { RELAY_NAMES, RELAY_PORT } from './network.ts'

export const BUILD = join(import.meta.dirname, '../../../../build/lib')
/** Hosts of the technician's ssh_config. */
export const SHELL = 'bench-device'
export const CONSOLE = 'bench-console'
const PEER = 'bench-peer'
const TECHNICIAN = 'alice'
const RELAY = ['first', 'second'] as const

/** The listeners on the relays' 127.0.0.1: of ours, and of the peer; the consoles' is the next. */
export const LISTENERS = { ours: 20_100, peer: 20_200 } as const
/** Of the device's own sshd, and of its bridge. */
export const SHELL_PORT = 22
export const BRIDGE_PORT = 2222

/** Seconds after which a tunnel counts as one that worked: 60 as it ships, for which no run is to wait. */
const STABLE = { stableS: 2 }

export interface ProvisionOptions {
  relays: 1 | 2
  /** Replaces the defaults that the device ships with: only where a row is about them. */
  intervals?: DeviceConfigInput['intervals']
  profile?: DeviceConfigInput['profile']
  /** Of the device, where a row is about them. */
  uplinkSettings?: DeviceConfigInput['uplinks']
  proxy?: DeviceConfigInput['proxy']
  proxyPassword?: string
  /** Path of the console's line. */
  equipment: string
}

export interface Provisioned {
  /** One for each relay; port, addresses and what it runs under are the caller's. */
  relaySshd: SshdOptions[]
  deviceSshd: SshdOptions
  units: { supervisor: UnitEnvironment; bridge: UnitEnvironment }
  led: string
  sshConfig: string
  /** The configuration of a HAProxy for each relay, as `tls = true` makes it on a dedicated one. */
  haproxy: string[]
  /** Where the relays' commands keep the records of this device. */
  records: string[]
  /** The peer's key, and a known_hosts file for it. */
  peer: { key: string; knownHosts: string }
}

/** @param root the world's folder */
export async function provision(root: string, options: ProvisionOptions): Promise<Provisioned> {
  const path = (...parts: string[]) => join(root, ...parts)
  for (const folder of ['relay-1', 'relay-2', 'technician', 'device']) await mkdir(path(folder))
  const hostKeys = [await makeKey(path('relay-1'), 'host_key'), await makeKey(path('relay-2'), 'host_key')]
  const technician = await makeKey(path('technician'), 'key')
  const fleetText = renderFleet(root, options, hostKeys, technician)
  await writeFile(path('fleet.toml'), fleetText)
  const fleet = parseFleet('fleet.toml', fleetText)
  await writeFile(path('site.toml'), stringifyToml(siteOf(options)))

  const run = async (command: string, args: string[], home = root) => {
    const { code, stdout, stderr } = await runProgram(command, args, { cwd: root, env: { HOME: home } })
    if (code !== 0) throw new Error(`${[command, ...args].join(' ')}: exit ${code}\n${stdout}${stderr}`)
  }
  const program = (name: string, ...args: string[]) => run(process.execPath, [join(BUILD, `${name}.cjs`), ...args])
  await program('oobm-relay', 'keys', '--all')
  const rendered = path('rendered/technicians', TECHNICIAN)
  await program('oobm-relay', 'render', '--known-hosts', join(rendered, 'known_hosts'), '--identity', technician.path)
  for (const [at, name] of RELAY.slice(0, options.relays).entries()) {
    // On a relay it is run in the login's home; here that login is a real person's, so it gets another.
    await run('sh', [path('rendered/relay', name, 'install')], path(`relay-${at + 1}`))
  }
  await program('oobm-relay', 'issue', SHELL, '--with', path('site.toml'), '--out', path('oobm.toml'))
  await program('oobm', 'import', path('oobm.toml'), '--root', path('device'))
  const units = {
    supervisor: await prepareUnit(path('device'), 'oobm'),
    bridge: await prepareUnit(path('device'), 'oobm-console'),
  }
  const shellHostKey = path('device', SECRETS_DIRECTORY, SECRETS.shellHostKey.source)
  const knownHosts = path('peer_known_hosts')
  await writeFile(knownHosts, `relay1.example.net ${hostKeys[0]?.publicKey}\n`)
  return {
    units,
    led: path('led'),
    sshConfig: join(rendered, 'config'),
    haproxy: fleet.relays.map(relay => renderHaproxyConfig(fleet, relay, { hasIpv6: true })),
    records: RELAY.map((_, at) => path(`relay-${at + 1}`, 'oobm/state', SHELL)),
    relaySshd: RELAY.slice(0, options.relays).map((name, at) => ({
      directory: path(`relay-${at + 1}`, 'sshd'),
      hostKey: hostKeys[at] as KeyPair,
      config: [`Include ${path('rendered/relay', name, 'sshd_config')}`],
      authorizedKeys: [path(`relay-${at + 1}`, '.ssh/authorized_keys')],
    })),
    deviceSshd: {
      directory: path('device/sshd'),
      hostKey: {
        path: shellHostKey,
        privateKey: await readFile(shellHostKey, 'utf8'),
        publicKey: await readFile(path('device', SHELL_HOST_KEY_PATH), 'utf8'),
      },
      authorizedKeys: [path('device', SHELL_KEYS_PATH), join(units.supervisor.RUNTIME_DIRECTORY, 'selftest.keys')],
    },
    peer: { key: path('secrets', PEER, 'relay_key'), knownHosts },
  }
}

function siteOf({ proxyPassword }: ProvisionOptions) {
  return proxyPassword === undefined ? {} : { secrets: { proxyPassword } }
}

function renderFleet(
  root: string,
  { relays, intervals, profile, uplinkSettings, proxy, equipment }: ProvisionOptions,
  hostKeys: KeyPair[],
  technician: KeyPair,
) {
  return stringifyToml({
    version: 1,
    relays: RELAY.slice(0, relays).map((name, at) => ({
      name,
      host: RELAY_NAMES[at],
      port: RELAY_PORT,
      user: 'root',
      hostKeys: [hostKeys[at]?.publicKey],
      directory: join(root, `relay-${at + 1}`, 'oobm'),
    })),
    devices: [
      {
        name: SHELL,
        port: LISTENERS.ours,
        shellUser: 'root',
        consoles: [{ name: CONSOLE, path: equipment }],
        led: { backend: 'file', path: join(root, 'led') },
        shell: { port: SHELL_PORT, hostKeyFile: join(root, 'device', SHELL_HOST_KEY_PATH) },
        selftest: { user: 'root' },
        bridge: { port: BRIDGE_PORT },
        intervals: { ...STABLE, ...intervals },
        ...(profile ? { profile } : {}),
        ...(uplinkSettings ? { uplinks: uplinkSettings } : {}),
        ...(proxy ? { proxy } : {}),
      },
      { name: PEER, port: LISTENERS.peer },
    ],
    technicians: [{ name: TECHNICIAN, keys: [technician.publicKey], consoles: [CONSOLE], shells: [SHELL] }],
  })
}
