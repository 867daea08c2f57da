/** One try at a relay with the real ssh client and a device's key: nothing of the operator's own ssh settings takes part. */
import spawn, { SubprocessError } from 'nano-spawn'
import { EXIT, errorCode, UserError } from '../../../runtime/errors.ts'
import type { Relay } from '../../fleet/fleet-config.ts'
import { quotedPath } from '../../fleet/render/ssh-config.ts'

/** Milliseconds for one try: a slow link, and a relay that is busy. */
const TRY_MS = 30_000

export interface ProbeSettings {
  relay: Relay
  /** Private key of a device. */
  identityFile: string
  /** Holds the relay's pinned host keys under the name `relay`. */
  knownHostsFile: string
  signal: AbortSignal
}

export interface Answer {
  /** ssh's exit code: 255 when the connection or a forward failed, else that of the word; undefined: cut off in time. */
  code: number | undefined
  /** Standard output and error, as they came. */
  said: string
}

/**
 * @param options those of ssh, before the login
 * @param word what to run there; a shell is asked for when left out
 */
export async function trySsh(settings: ProbeSettings, options: string[], word?: string): Promise<Answer> {
  const { relay, signal } = settings
  const login = ['-p', String(relay.port), '-l', relay.user, relay.host]
  const args = ['-F', 'none', ...strict(settings), ...options, ...login, ...(word === undefined ? [] : [word])]
  try {
    const { output } = await spawn('ssh', args, {
      stdin: 'ignore',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TRY_MS)]),
    })
    return { code: 0, said: output }
  } catch (err) {
    if (!(err instanceof SubprocessError)) throw err
    if (errorCode(err.cause) !== 'ENOENT') return { code: err.exitCode, said: err.output }
    throw new UserError('cannot run ssh: it is in the package openssh-client', EXIT.unavailable, { cause: err })
  }
}

function strict({ identityFile, knownHostsFile }: ProbeSettings): string[] {
  const settings = {
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
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
}
