/** A technician's ssh_config (ssh_config(5)): each console and each shell is a host, reached through its relay. */
import { type Access, accessOf, listenersOf, relayLoginOf, relaysOf } from '../access.ts'
import type { Fleet, Relay, Technician } from '../fleet-config.ts'
import { hostBy, relayHost } from './host-names.ts'

/** Files on the technician's machine: `~` is his home. */
export interface TechnicianFiles {
  knownHostsFile: string
  /** The private key to use; his agent's and his own defaults when left out. */
  identityFile?: string
}

export interface HostBlock extends TechnicianFiles {
  /** What one types after `ssh`; the first may be any, all mean the same. */
  aliases: readonly string[]
  hostName: string
  port: number
  user: string
  /** The name that its host key has in known_hosts. */
  hostKeyAlias: string
  /** The host to go through. */
  jump?: string
  /** The console bridge's SSH server has no post-quantum key exchange, of which OpenSSH 10.1 warns. */
  isBridge?: boolean
}

/** Stands at the head of the file, because an old ssh reads every line, also those of hosts that it is not asked for. */
const HEAD = 'IgnoreUnknown WarnWeakCrypto\n'

export function renderSshConfig(fleet: Fleet, technician: Technician, files: TechnicianFiles): string {
  const relays = new Set<Relay>()
  const targets = accessOf(fleet, technician).flatMap(access =>
    relaysOf(fleet, access.device).flatMap((relay, index) => {
      relays.add(relay)
      return hostBlocksOf(access, relay, index, files)
    }),
  )
  const blocks = [...[...relays].map(relay => relayBlock(relay, files, relayLoginOf(relay, technician))), ...targets]
  return `# ${technician.name}'s consoles. Keep this folder as ~/.ssh/oobm, then: ssh -F ~/.ssh/oobm/config HOST
# or put "Include oobm/config" at the head of ~/.ssh/config, then: ssh HOST
${HEAD}${blocks.map(block => `\n${renderHostBlock(block)}`).join('')}`
}

/** The relay itself, that the others go through. */
export function relayBlock({ name, host, port }: Relay, files: TechnicianFiles, user: string): HostBlock {
  const alias = relayHost(name)
  return { ...files, aliases: [alias], hostName: host, port, user, hostKeyAlias: alias }
}

/** The shell, if he has it, and the consoles of one device by way of its `index`th relay. */
function hostBlocksOf(
  { device, consoles, shell }: Access,
  relay: Relay,
  index: number,
  files: TechnicianFiles,
): HostBlock[] {
  const listeners = listenersOf(device)
  const common = { ...files, hostName: '127.0.0.1', jump: relayHost(relay.name) }
  const block = (name: string) => ({ ...common, aliases: [hostBy(name, relay.name, index)], hostKeyAlias: name })
  return [
    ...(shell ? [{ ...block(device.name), port: listeners.shell, user: device.shellUser }] : []),
    ...consoles.map(({ name }) => ({ ...block(name), port: listeners.console, user: name, isBridge: true })),
  ]
}

export function renderHostBlock(block: HostBlock): string {
  const settings = [
    `HostName ${block.hostName}`,
    `Port ${block.port}`,
    `User ${block.user}`,
    `HostKeyAlias ${block.hostKeyAlias}`,
    ...(block.jump === undefined ? [] : [`ProxyJump ${block.jump}`]),
    `UserKnownHostsFile ${quotedPath(block.knownHostsFile)}`,
    'StrictHostKeyChecking yes',
    ...(block.identityFile === undefined
      ? []
      : [`IdentityFile ${quotedPath(block.identityFile)}`, 'IdentitiesOnly yes']),
    // `~B` is how one sends a BREAK: whatever stands for all hosts in his own file shall not take it away.
    ...(block.isBridge ? ['RequestTTY auto', 'EscapeChar ~', 'WarnWeakCrypto no-pq-kex'] : []),
    'ForwardAgent no',
    'ServerAliveInterval 15',
    'ServerAliveCountMax 3',
  ]
  return `Host ${block.aliases.join(' ')}\n${settings.map(setting => `  ${setting}\n`).join('')}`
}

/**
 * A path as ssh_config, or `ssh -o`, takes it: ssh takes `%` for the beginning of a token.
 * @throws TypeError for one that cannot be written there
 */
export function quotedPath(path: string): string {
  if (/["\\\n\r]|\$\{/.test(path)) throw new TypeError(`a path that ssh_config cannot hold: ${JSON.stringify(path)}`)
  return `"${path.replaceAll('%', '%%')}"`
}
