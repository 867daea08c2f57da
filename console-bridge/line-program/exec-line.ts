/** The line of `exec:COMMAND`: a program on a terminal of its own, such as `ipmitool … sol activate` or `ssh`. */
import { type ChildProcess, spawn } from 'node:child_process'
import { basename } from 'node:path'
import type { Clock } from '../../runtime/clock.ts'
import { errorMessage, UserError } from '../../runtime/errors.ts'
import { settled, within } from '../../runtime/waiting.ts'
import type { Line, LineSettings } from '../line/line.ts'
import { isUnchanged } from '../line/settings.ts'
import type { ServedEvents } from '../line-socket/serve-line.ts'

export interface ExecOptions {
  command: string
  /** Sent in place of BREAK. */
  breakText: string | undefined
  env: NodeJS.ProcessEnv
  clock: Clock
}

/** Bytes that wait for the command: beyond them the line takes no more. */
const UNSENT_BYTES = 2_048
/** Milliseconds that the command gets to end in order. */
const GRACE_MS = 2_000
/** A terminal of the usual size, for programs that ask; a command that is not found ends with 127 (sh(1)). */
const ON_TERMINAL = 'stty rows 24 cols 80; exec /bin/sh -c "$OOBM_LINE_COMMAND"'
/** Of sh(1), and of script(1) with `--return`: 128 and the number of the signal. */
const SIGNALLED = 128

/** @throws UserError when there is no command, or it cannot be started */
export async function openExecLine(
  { command, breakText, env, clock }: ExecOptions,
  settings: LineSettings,
  events: ServedEvents,
): Promise<Line> {
  if (command === '')
    throw new UserError('no command: root writes it into /etc/oobm/device.toml on this device, path = "exec:COMMAND"')
  const what = basename(command.split(/\s+/, 1)[0] ?? '')
  // script(1) makes the terminal: Node.js cannot without a native module.
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', ON_TERMINAL, '/dev/null'], {
    env: { ...env, SHELL: '/bin/sh', TERM: 'vt100', OOBM_LINE_COMMAND: command },
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  })
  const { stdin, stdout } = child
  let isOver = false
  const end = (cause: string) => {
    if (isOver) return
    isOver = true
    events.onClose(cause)
  }
  const started = new AbortController()
  const failure = await settled<Error | undefined>(started.signal, undefined, settle => {
    child.once('spawn', () => settle(undefined))
    child.once('error', settle)
  })
  if (failure) throw new UserError(`script(1) does not start: ${errorMessage(failure)}`)
  child.on('error', () => {})
  stdin.on('error', () => {})
  stdout.on('data', bytes => {
    events.onData(bytes)
    if (events.isBehind()) {
      stdout.pause()
      void events.caughtUp().then(() => stdout.resume())
    }
  })
  child.on('close', (code, signal) => end(describeEnd(what, code, signal)))

  const write = (bytes: Buffer): number => {
    if (isOver) throw new UserError('the command has ended')
    if (stdin.writableLength >= UNSENT_BYTES) return 0
    const piece = bytes.subarray(0, UNSENT_BYTES)
    stdin.write(piece)
    return piece.length
  }
  return {
    settings,
    outputs: { dtr: true, rts: true },
    set: async changes => {
      if (isUnchanged(settings, changes)) return
      throw new UserError('a command has no speed and framing')
    },
    modemLines: async () => undefined,
    setModemLines: async () => {
      throw new UserError('a command has no DTR and RTS')
    },
    write,
    drain: async () => {
      while (stdin.writableLength > 0 && !isOver) await clock.sleep(20, started.signal)
    },
    // What its terminal has cannot be taken back.
    discard: async () => {},
    setBreak: async on => {
      if (!on) return
      if (breakText === undefined)
        throw new UserError('a command has no BREAK: exec_break in its settings says what to send in its place')
      if (write(Buffer.from(breakText)) === 0) throw new UserError('the command takes no input')
    },
    release: async () => {
      throw new UserError('a command has no flow control to release')
    },
    close: async () => {
      isOver = true
      await stop(child)
    },
  }
}

/** Its terminal hangs up when script(1) ends, and the command gets SIGHUP. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const outcome = await within(GRACE_MS, [], over =>
    settled<void>(over, undefined, settle => child.once('exit', () => settle())),
  )
  if (outcome.kind !== 'done') child.kill('SIGKILL')
}

function describeEnd(what: string, code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `${what} was ended by ${signal}`
  if (code === 127) return `${what} ended with exit code 127: there may be no such program`
  if (code !== null && code > SIGNALLED)
    return `${what} ended with exit code ${code} (signal ${code - SIGNALLED}, or its own)`
  return `${what} ended with exit code ${code}`
}
