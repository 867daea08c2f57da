/** Runs the real ssh client with a device's key on a relay, without the operator's own ssh settings. */
import { runSsh, type SshAnswer, sshSettings } from '../../../cli/ssh.ts'
import { controllerUnder, OVER } from '../../../runtime/waiting.ts'
import type { Relay } from '../../fleet/fleet-config.ts'
import { quotedPath } from '../../fleet/render/ssh-config.ts'

/** Milliseconds for one attempt: a slow link, and a busy relay. */
const TRY_MS = 30_000

export interface ProbeSettings {
  relay: Relay
  /** Private key of a device. */
  identityFile: string
  /** The file of the relay's pinned host keys, with the name `relay`. */
  knownHostsFile: string
  signal: AbortSignal
}

/**
 * @param options those of ssh, before the login
 * @param command what to run there; a shell is asked for when left out
 * @returns standard output and error, as they came
 */
export async function trySsh(settings: ProbeSettings, options: string[], command?: string): Promise<SshAnswer> {
  const { relay, signal } = settings
  const login = ['-p', String(relay.port), '-l', relay.user, relay.host]
  const args = ['-F', 'none', ...strict(settings), ...options, ...login, ...(command === undefined ? [] : [command])]
  const limited = controllerUnder(signal)
  const timer = setTimeout(() => limited.abort(OVER), TRY_MS)
  try {
    return await runSsh(args, { stdin: 'none', kept: 'all', signal: limited.signal })
  } finally {
    clearTimeout(timer)
    limited.release()
  }
}

function strict({ identityFile, knownHostsFile }: ProbeSettings): string[] {
  return sshSettings({
    BatchMode: 'yes',
    CheckHostIP: 'no',
    ConnectTimeout: '15',
    ControlPath: 'none',
    ExitOnForwardFailure: 'yes',
    GlobalKnownHostsFile: '/dev/null',
    HostKeyAlias: 'relay',
    IdentitiesOnly: 'yes',
    IdentityAgent: 'none',
    IdentityFile: quotedPath(identityFile),
    StrictHostKeyChecking: 'yes',
    UserKnownHostsFile: quotedPath(knownHostsFile),
  })
}
