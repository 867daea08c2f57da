/** A technician's ssh_config (ssh_config(5)): each console and each shell is a host, reached through its relay. */
import { listenersOf } from '../../../formats/listeners.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { type Access, accessOf, relayLoginOf, relaysOf } from '../access.ts'
import type { Fleet, Relay, Technician } from '../fleet-config.ts'
import { hostBy, jumpHost, relayHost } from '../host-names.ts'
import { BRIDGE, EVERY_HOST, IGNORE_UNKNOWN, NO_FORWARDS } from './client-settings.ts'
import { loginConsolesBy } from './login-files.ts'

/** Files on the technician's machine: `~` is their home. */
export interface TechnicianFiles {
  knownHostsFile: string
  /** The private key to use; ssh's defaults and the agent's keys when left out. */
  identityFile?: string
  /** Where the ssh_config itself is; beside known_hosts when left out. */
  configFile?: string
}

export interface HostBlock extends TechnicianFiles {
  /** The names to type after `ssh`; all mean the same. */
  aliases: readonly string[]
  hostName: string
  port: number
  user: string
  /** The name of its host key in known_hosts. */
  hostKeyAlias: string
  /** The host to go through. */
  jump?: string
  /** All relays of its device, where this host is no particular one's. */
  search?: Search
  kind: 'relay' | 'shell' | 'console'
  /** A relay that only shows the state of devices, and refuses a terminal. */
  hasNoTerminal?: boolean
}

/** Relays among which a device is looked for, as hosts. */
export interface Search {
  hosts: readonly string[]
  /** Those of them that speak TLS. */
  tls: readonly string[]
}

export function searchOf(relays: readonly Relay[], technician: Technician): Search {
  const hostOf = (relay: Relay) => jumpHost(relay, relayLoginOf(relay, technician))
  return { hosts: relays.map(hostOf), tls: relays.filter(({ tls }) => tls).map(hostOf) }
}

export function renderSshConfig(fleet: Fleet, technician: Technician, files: TechnicianFiles): string {
  const relays = new Set<Relay>()
  const targets = accessOf(fleet, technician).flatMap(access =>
    relaysOf(fleet, access.device).flatMap((relay, index, all) => {
      const search = searchOf(all, technician)
      relays.add(relay)
      return hostBlocksOf(technician, access, relay, index, {
        ...files,
        jump: search.hosts[index] ?? '',
        search,
      })
    }),
  )
  const relayBlocks = [...relays].map(relay => ({
    ...relayBlock(relay, files, relayLoginOf(relay, technician)),
    hasNoTerminal: loginConsolesBy(fleet, relay, technician).length === 0,
  }))
  const blocks = [...relayBlocks, ...targets]
  return `# ${technician.name}'s consoles. Keep this folder as ~/.ssh/oobm, then: ssh -F ~/.ssh/oobm/config HOST
# or make "Include oobm/config" the FIRST line of ~/.ssh/config, then: ssh HOST
# ssh takes the first value that it finds. Above that line, put only settings for these hosts by their names, such as a
# ProxyCommand for "Host oobm-relay-*", and then a line "Match all": inside a block, the Include would be for its hosts alone.
${IGNORE_UNKNOWN}
${blocks.map(block => `\n${renderHostBlock(block)}`).join('')}`
}

/**
 * ssh's ProxyCommand to find the device at one of its relays, where the network blocks SSH, too.
 * @param program how `oobm-relay` is started, with the options of its command
 */
export function searchCommand(program: string, { hosts, tls }: Search, files: TechnicianFiles): string {
  const file = files.configFile ?? files.knownHostsFile.replace(/[^/\\]*$/, 'config')
  const within = tls.length === 0 ? '' : `--tls ${tls.join(',')} `
  return `${program} --ssh-config ${quotedWord(file)} ${within}%h:%p ${hosts.join(' ')}`
}

/** For a shell, within an ssh_config: `~/` stays for the shell, or for the program where no shell is. */
export function quotedWord(word: string): string {
  const escaped = word.replaceAll('%', '%%')
  if (/^[\w.~/:@+,%=-]+$/.test(escaped)) return escaped
  return `'${escaped.replaceAll("'", "'\\''")}'`
}

/** The relay itself, through which the others are reached. */
export function relayBlock(relay: Relay, files: TechnicianFiles, user: string): HostBlock {
  const { host, port } = relay
  const alias = relayHost(relay.name)
  const aliases = [alias, jumpHost(relay, user)]
  return { ...files, aliases, hostName: host, port, user, hostKeyAlias: alias, kind: 'relay' }
}

/** The shell, if the technician has it, and the consoles of one device through its `index`th relay. */
function hostBlocksOf(
  technician: Technician,
  { device, consoles, spares, shell }: Access,
  relay: Relay,
  index: number,
  { search, ...way }: TechnicianFiles & { jump: string; search: Search },
): HostBlock[] {
  const listeners = listenersOf(device.port)
  const common = { ...way, hostName: '127.0.0.1' }
  const isSeveral = search.hosts.length > 1
  const block = (name: string) => ({
    ...common,
    aliases: [...(index === 0 ? [name] : []), ...(isSeveral ? [hostBy(name, relay.name)] : [])],
    hostKeyAlias: name,
    ...(index === 0 && { search }),
  })
  return [
    ...(shell
      ? [
          {
            ...block(device.name),
            port: listeners.shell,
            user: device.shellUser ?? technician.name,
            kind: 'shell' as const,
          },
        ]
      : []),
    ...[...consoles.map(({ name }) => name), ...spares].map(name => ({
      ...block(name),
      port: listeners.console,
      user: name,
      kind: 'console' as const,
    })),
  ]
}

/** Where the program is missing, ssh goes on to the next lines: the way by the first relay. */
function renderSearch(block: HostBlock): string {
  if (block.search === undefined) return ''
  const command = searchCommand('oobm-relay proxy --own-first', block.search, block)
  const { hosts, tls } = block.search
  // For the only relay, without TLS, there is something to try only where the network has a proxy.
  const isForAll = hosts.length > 1 || tls.length > 0
  const when = `${isForAll ? '' : 'test $https_proxy$HTTPS_PROXY && '}command -v oobm-relay`
  return `Match originalhost ${block.aliases[0]} exec "${when}"\n  ProxyCommand ${command}\n`
}

export function renderHostBlock(block: HostBlock): string {
  const settings = [
    `HostName ${block.hostName}`,
    `Port ${block.port}`,
    `User ${block.user}`,
    `HostKeyAlias ${block.hostKeyAlias}`,
    // Each replaces the other: ssh takes the one that comes first.
    block.jump === undefined ? 'ProxyCommand none' : `ProxyJump ${block.jump}`,
    `UserKnownHostsFile ${quotedPath(block.knownHostsFile)}`,
    ...(block.identityFile === undefined
      ? []
      : [`IdentityFile ${quotedPath(block.identityFile)}`, 'IdentitiesOnly yes']),
    ...(block.hasNoTerminal ? ['RequestTTY no'] : []),
    ...(block.kind === 'console' ? BRIDGE : []),
    ...EVERY_HOST,
    ...(block.kind === 'relay' ? [NO_FORWARDS] : []),
  ]
  return `${renderSearch(block)}Host ${block.aliases.join(' ')}\n${settings.map(setting => `  ${setting}\n`).join('')}`
}

/**
 * A path in the form for ssh_config and `ssh -o`: for ssh, `%` begins a token.
 * @throws UserError for one that cannot be written there
 */
export function quotedPath(path: string): string {
  if (/["\\\n\r]|\$\{/.test(path)) {
    const advice = 'it cannot have " or \\ or ${ or a line end; for ssh on Windows, write C:/Users/…'
    throw new UserError(`ssh_config cannot hold the path ${JSON.stringify(path)}: ${advice}`, EXIT.usage)
  }
  return `"${path.replaceAll('%', '%%')}"`
}
