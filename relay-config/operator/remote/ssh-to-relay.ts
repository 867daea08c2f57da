/** Runs `oobm-relay` on a relay, by the operator's own ssh and with their settings: the one place that goes there. */
import { closeSync, openSync } from 'node:fs'
import { runSsh, SSH_FAILED, type SshAnswer, type SshCall, sshSettings } from '../../../cli/ssh.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { type Outcome, within } from '../../../runtime/waiting.ts'
import type { Relay } from '../../fleet/fleet-config.ts'
import { NOT_INSTALLED, remoteLine } from './remote-line.ts'

export interface RelayCall {
  relay: Relay
  /** The words of `oobm-relay`, the first one its word. */
  args: readonly string[]
  /** `[USER@]HOST` or `ssh://[USER@]HOST[:PORT]`, in place of what the fleet file says. */
  host?: string | undefined
  /** In place of the fleet file's. */
  port?: string | undefined
  stdin: NonNullable<SshCall['stdin']>
  /** Milliseconds, where nobody sits at a terminal; no limit when left out. */
  limitMs?: number
  signal: AbortSignal
}

/** Milliseconds for a word that only looks or switches. */
export const SHORT_MS = 120_000
/** Milliseconds for one that makes accounts, and starts sshd. */
export const LONG_MS = 600_000

/** What the operator's own settings do not change: it ends in time, and is one command without anything beside it. */
const SETTINGS = {
  ConnectTimeout: '15',
  ServerAliveInterval: '15',
  ServerAliveCountMax: '3',
  ClearAllForwardings: 'yes',
  RemoteCommand: 'none',
  // Without the line "Connection to … closed."
  LogLevel: 'ERROR',
}

/** A login and a host that ssh takes for nothing else: no option, and nothing that the shell of a ProxyCommand would obey. */
const DESTINATION =
  /^(ssh:\/\/)?([A-Za-z0-9_][A-Za-z0-9_.+-]*@)?([A-Za-z0-9_][A-Za-z0-9_.:-]*|\[[0-9A-Fa-f:.]+\](:\d{1,5})?)$/

/**
 * Shows what it prints as it comes.
 * @returns its exit code there
 * @throws UserError with exit code 69 when the relay cannot be reached, or has no `oobm-relay`
 */
export async function runOnRelay(call: RelayCall): Promise<number> {
  const isTalk = typeof call.stdin === 'string' && process.stdin.isTTY === true && process.stdout.isTTY === true
  return (await callRelay(call, isTalk)).code
}

/** The same, for what this program reads itself. */
export async function askRelay(call: RelayCall): Promise<{ code: number; stdout: string }> {
  const { code, said } = await callRelay(call, false, 'stdout')
  return { code, stdout: said }
}

async function callRelay(call: RelayCall, isTalk: boolean, kept?: 'stdout'): Promise<{ code: number; said: string }> {
  const { relay, args, stdin, limitMs, signal } = call
  const { destination, port } = placeOf(call)
  const line = remoteLine({ args, asRoot: relay.accounts === 'dedicated', maySudoAsk: isTalk })
  const options = [
    isTalk ? '-t' : '-T',
    ...(hasTerminal() ? [] : ['-o', 'BatchMode=yes']),
    ...sshSettings(SETTINGS),
    ...(port === undefined ? [] : ['-p', port]),
  ]
  const where = `relay ${relay.name} (${destination}${port === undefined ? '' : `, port ${port}`})`
  const run = (over: AbortSignal) =>
    runSsh([...options, '--', destination, line], {
      stdin: isTalk ? 'ours' : stdin,
      ...(kept && { kept }),
      signal: over,
    })
  const outcome: Outcome<SshAnswer> =
    isTalk || limitMs === undefined ? { kind: 'done', value: await run(signal) } : await within(limitMs, [signal], run)
  if (outcome.kind === 'aborted') return { code: EXIT.failed, said: '' }
  if (outcome.kind === 'timeout') {
    throw new UserError(`${where} gave no answer within ${(limitMs ?? 0) / 1000} s`, EXIT.unavailable)
  }
  const { code = EXIT.failed, said } = outcome.value
  switch (code) {
    case SSH_FAILED: {
      const advice = 'ssh said why; --host USER@HOST names another login or host, as does your own ssh_config'
      throw new UserError(`cannot reach ${where}: ${advice}`, EXIT.unavailable)
    }
    case NOT_INSTALLED:
      throw new UserError(`oobm-relay is not installed on ${where}: install the package there`, EXIT.unavailable)
    default:
      return { code, said }
  }
}

/** @throws UserError for a host that ssh could take for something else */
function placeOf({ relay, host, port }: RelayCall): { destination: string; port: string | undefined } {
  const isShared = relay.accounts === 'shared'
  const destination = host ?? (isShared ? `${relay.user}@${relay.host}` : relay.host)
  if (!DESTINATION.test(destination)) throw new UserError(`"${destination}" is not a host`, EXIT.usage)
  if (port !== undefined && !/^\d{1,5}$/.test(port)) throw new UserError(`"${port}" is not a port`, EXIT.usage)
  if (destination.startsWith('ssh://')) return { destination, port }
  return { destination, port: port ?? String(isShared ? relay.port : relay.adminPort) }
}

/** Whether ssh can ask a person, for a password say: it does so on the terminal, whatever its standard input is. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r+'))
    return true
  } catch {
    return false
  }
}
