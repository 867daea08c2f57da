/** Runs `oobm-relay` on a relay, with the operator's own ssh and their settings. */
import { closeSync, existsSync, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { markLogin, runSsh, SSH_FAILED, type SshAnswer, type SshCall, sshSettings } from '../../../cli/ssh.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { type Outcome, within } from '../../../runtime/waiting.ts'
import type { Relay } from '../../fleet/fleet-config.ts'
import { otherWayOf } from './other-way.ts'
import { NOT_INSTALLED, remoteLine } from './remote-line.ts'

export interface RelayCall {
  relay: Relay
  /** The arguments of `oobm-relay`, the command first. */
  args: readonly string[]
  /** `[USER@]HOST` or `ssh://[USER@]HOST[:PORT]`, instead of the host in the fleet file. */
  host?: string | undefined
  /** Instead of the port in the fleet file. */
  port?: string | undefined
  stdin: NonNullable<SshCall['stdin']>
  /** Milliseconds, without a terminal; no limit when left out. */
  limitMs?: number
  /** Gets the output as it arrives, where it is asked for. */
  onText?(text: string): void
  /** Called when ssh is logged in; not for a shared connection, which needs no login. */
  onLogin?(): void
  /** Nobody can be asked for anything now: ssh fails instead. */
  isBackground?: boolean
  /** Gets what ssh says to people, which otherwise goes to the terminal. */
  onComplaint?(text: string): void
  signal: AbortSignal
}

/** Milliseconds for a command that only reads or switches. */
export const SHORT_MS = 120_000
/** Milliseconds between two looks whether ssh is logged in. */
const LOOK_MS = 50
/** Milliseconds for a command that makes accounts and starts sshd. */
export const LONG_MS = 600_000

/** Settings that the operator's own do not change: ssh ends in time, and runs one command and nothing else. */
const SETTINGS = {
  ConnectTimeout: '15',
  ServerAliveInterval: '15',
  ServerAliveCountMax: '3',
  ClearAllForwardings: 'yes',
  RemoteCommand: 'none',
  // Without the line "Connection to … closed."
  LogLevel: 'ERROR',
}

/** A login and a host, and nothing else: no option of ssh, and nothing that the shell of a ProxyCommand would run. */
const DESTINATION =
  /^(ssh:\/\/)?([A-Za-z0-9_][A-Za-z0-9_.+-]*@)?([A-Za-z0-9_][A-Za-z0-9_.:-]*|\[[0-9A-Fa-f:.]+\](:\d{1,5})?)$/

/**
 * Shows its output as it arrives.
 * @returns its exit code there
 * @throws UserError with exit code 69 when the relay cannot be reached, or has no `oobm-relay`
 */
export async function runOnRelay(call: RelayCall): Promise<number> {
  const isTalk = typeof call.stdin === 'string' && process.stdin.isTTY === true && process.stdout.isTTY === true
  return (await callRelay(call, isTalk)).code
}

/** The same, but returns the output. */
export async function askRelay(call: RelayCall): Promise<{ code: number; stdout: string }> {
  const { code, said } = await callRelay(call, false, 'stdout')
  return { code, stdout: said }
}

/**
 * Gives the output to `onText` until it ends, which may be never.
 * @returns its exit code there
 */
export async function followRelay(call: RelayCall & { onText(text: string): void }): Promise<number> {
  return (await callRelay(call, false, 'endless')).code
}

/** As ssh does it; where it could not even log in, by another way out of a network that blocks SSH. */
async function callRelay(call: RelayCall, isTalk: boolean, kept?: Kept): Promise<{ code: number; said: string }> {
  const { relay, onLogin, signal } = call
  const { destination, port } = placeOf(call)
  const where = `relay ${relay.name} (${destination}${port === undefined ? '' : `, port ${port}`})`
  const folder = await mkdtemp(join(tmpdir(), 'oobm-ask-'))
  const mark = join(folder, 'in')
  const timer = onLogin && setInterval(() => existsSync(mark) && onLogin(), LOOK_MS)
  try {
    const run = (settings = {}) =>
      callOnce(call, { isTalk, kept, where, settings: { ...markLogin(mark), ...settings } })
    const first = await run()
    if (first.code !== SSH_FAILED || existsSync(mark) || signal.aborted) return answerOf(first, where)
    const proxyCommand = await otherWayOf({ relay, destination, port, isOwnHost: call.host === undefined }, signal)
    return answerOf(proxyCommand === undefined ? first : await run({ ProxyCommand: proxyCommand }), where)
  } finally {
    clearInterval(timer)
    await rm(folder, { recursive: true, force: true })
  }
}

type Kept = 'stdout' | 'endless' | undefined

interface Once {
  isTalk: boolean
  kept: Kept
  /** For messages. */
  where: string
  settings: Record<string, string>
}

/**
 * The arguments of ssh that run a command on a relay.
 * @param settings of ssh; they come before ours
 * @throws UserError for a host that is none
 */
export function relayArguments(
  call: Pick<RelayCall, 'relay' | 'args' | 'host' | 'port'>,
  settings: Record<string, string>,
  maySudoAsk = false,
): string[] {
  const { destination, port } = placeOf(call)
  const line = remoteLine({ args: call.args, asRoot: call.relay.accounts === 'dedicated', maySudoAsk })
  const where = port === undefined ? [] : ['-p', port]
  return [maySudoAsk ? '-t' : '-T', ...sshSettings({ ...SETTINGS, ...settings }), ...where, '--', destination, line]
}

async function callOnce(call: RelayCall, { isTalk, kept, where, settings }: Once): Promise<SshAnswer> {
  const { stdin, limitMs, isBackground = false, onText, onComplaint, signal } = call
  const batch = hasTerminal() && !isBackground ? [] : ['-o', 'BatchMode=yes']
  const args = [...batch, ...relayArguments(call, settings, isTalk)]
  const run = (over: AbortSignal) =>
    runSsh(args, {
      stdin: isTalk ? 'ours' : stdin,
      ...(kept && { kept: 'stdout', isEndless: kept === 'endless', ...(onText && { onText }) }),
      ...(onComplaint && { onComplaint }),
      signal: over,
    })
  const outcome: Outcome<SshAnswer> =
    isTalk || limitMs === undefined ? { kind: 'done', value: await run(signal) } : await within(limitMs, [signal], run)
  if (outcome.kind === 'aborted') return { code: EXIT.failed, said: '' }
  if (outcome.kind === 'timeout') {
    throw new UserError(`${where} did not answer within ${(limitMs ?? 0) / 1000} s`, EXIT.unavailable)
  }
  return outcome.value
}

/** @throws UserError where it is none of `oobm-relay` */
function answerOf({ code = EXIT.failed, said }: SshAnswer, where: string): { code: number; said: string } {
  switch (code) {
    case SSH_FAILED: {
      const advice = 'ssh said why above; --host USER@HOST or your own ssh_config sets another login or host'
      throw new UserError(`cannot reach ${where}: ${advice}`, EXIT.unavailable)
    }
    case NOT_INSTALLED:
      throw new UserError(`oobm-relay is not installed on ${where}: install the package there`, EXIT.unavailable)
    default:
      return { code, said }
  }
}

/** @throws UserError for a text that ssh could read as something other than a host */
function placeOf({ relay, host, port }: Pick<RelayCall, 'relay' | 'host' | 'port'>): {
  destination: string
  port: string | undefined
} {
  const isShared = relay.accounts === 'shared'
  const destination = host ?? (isShared ? `${relay.user}@${relay.host}` : relay.host)
  if (!DESTINATION.test(destination)) throw new UserError(`"${destination}" is not a host`, EXIT.usage)
  if (port !== undefined && !/^\d{1,5}$/.test(port)) throw new UserError(`"${port}" is not a port`, EXIT.usage)
  if (destination.startsWith('ssh://')) return { destination, port }
  return { destination, port: port ?? String(isShared ? relay.port : relay.adminPort) }
}

/** Whether ssh can ask a person, as for a password: it uses the terminal, whatever its standard input is. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r+'))
    return true
  } catch {
    return false
  }
}
