/** What the person's ssh says of a host: by which configuration it is known, and whether a connection to it is shared already. */
import { runSsh } from '../../../cli/ssh.ts'
import { EXIT } from '../../../runtime/errors.ts'

export interface SshConfig {
  /** An ssh_config that knows the relays; ssh's own where there is none. */
  file: string | undefined
  /** Whether ssh's own counts where it knows the host: it has what the person set for the relays above the `Include`. */
  ownFirst: boolean
}

export interface HostSettings {
  /** Arguments of ssh for this host. */
  options: readonly string[]
  /** A connection to it is open, and shared. */
  isShared: boolean
  hostName: string
  port: number
  /** ssh connects to it by itself: the person has set no way of their own. */
  isPlain: boolean
}

/** Milliseconds for ssh to read its configuration, or to ask a process on this machine. */
const ASK_MS = 10_000

export async function lookUpHost(host: string, { file, ownFirst }: SshConfig): Promise<HostSettings> {
  const given = file === undefined ? [] : ['-F', file]
  const own = file === undefined || ownFirst ? await settingsOf(host, []) : undefined
  const options = own !== undefined && own.get('hostname') !== host ? [] : given
  return hostSettings(host, options, options.length === 0 ? own : undefined)
}

/**
 * The same for ssh with these options.
 * @param known what `ssh -G` says, where it was asked before
 */
export async function hostSettings(
  host: string,
  options: readonly string[],
  known?: ReadonlyMap<string, string>,
): Promise<HostSettings> {
  const settings = known ?? (await settingsOf(host, options))
  return {
    options,
    isShared: settings.has('controlpath') && (await isMasterThere(host, options)),
    hostName: settings.get('hostname') ?? host,
    port: Number(settings.get('port') ?? 22),
    isPlain: (settings.get('proxycommand') ?? 'none') === 'none' && !settings.has('proxyjump'),
  }
}

/** By their names in lower case, as `ssh -G` prints them. */
async function settingsOf(host: string, options: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { said } = await ask([...options, '-G', '--', host], 'stdout')
  return new Map(said.split('\n').map(line => [line.split(' ', 1)[0] ?? '', line.slice(line.indexOf(' ') + 1)]))
}

/** With ControlMaster, ssh logs in once for many connections, and not for this one. */
async function isMasterThere(host: string, options: readonly string[]): Promise<boolean> {
  return (await ask([...options, '-O', 'check', '--', host], 'all')).code === EXIT.ok
}

function ask(args: readonly string[], kept: 'stdout' | 'all') {
  return runSsh(args, { stdin: 'none', kept, signal: AbortSignal.timeout(ASK_MS) })
}
