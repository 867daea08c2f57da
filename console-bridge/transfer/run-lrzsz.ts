/** Runs lrzsz between a file and the line of a console. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../runtime/clock.ts'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import { OVER, settled } from '../../runtime/waiting.ts'
import type { Console } from '../console/console.ts'
import type { Loss } from '../console/loss.ts'
import type { Person } from '../console/person.ts'
import type { Seat } from '../console/seat.ts'
import { lrzszCommand, sentBytesOf, type TransferKind } from './lrzsz.ts'

/** Milliseconds without a byte of the target; lrzsz itself gives up earlier in most states. */
const SILENCE_MS = 120_000
const REPORT_MS = 2_000
/** Bytes at the end of what lrzsz says that are kept. */
const SAID_BYTES = 4_096
/** Ends a transfer at the target: any two CAN do; the backspaces remove them from a command line. */
const CANCEL = Buffer.from('\x18'.repeat(8) + '\x08'.repeat(8), 'latin1')

export interface TransferJob {
  kind: TransferKind
  console: Console
  by: Person
  /** Working directory, with the file to send or for the file received, and nothing else. */
  directory: string
  file: string
  /** Bits per second for the transfer; undefined for the speed as it is. */
  atSpeed: number | undefined
  clock: Clock
  /** The client left. */
  gone: AbortSignal
  /** The end of the program. */
  signal: AbortSignal
  report(text: string): void
}

/** @returns why it failed; undefined when the other end confirmed the file */
export async function runLrzsz(job: TransferJob): Promise<Loss | undefined> {
  const { kind, console, by, gone, signal } = job
  const what = `xmodem ${kind.direction}`
  const stopped = new AbortController()
  let why: Loss | undefined
  const stop = (loss: Loss) => {
    why ??= loss
    stopped.abort(OVER)
  }
  const wire = { received: (_: Buffer) => {}, onRoom: () => {} }
  const seat = console.transfers.begin(by, what, {
    ...{ received: bytes => wire.received(bytes), stop, onRoom: () => wire.onRoom() },
  })
  if ('kind' in seat) return seat
  const onGone = () => stop({ kind: 'left', text: signal.aborted ? 'the console bridge is stopping' : 'cancelled' })
  for (const one of [gone, signal]) one.addEventListener('abort', onGone)
  if (gone.aborted || signal.aborted) onGone()
  const before = console.line.current?.settings.baudRate
  try {
    if (job.atSpeed !== undefined) await setSpeed(job, job.atSpeed, stop)
    if (!stopped.signal.aborted) await exchange(job, seat, stopped.signal, stop, wire)
    // After a BREAK the target is in its boot monitor, which would take this for a command.
    if (why?.kind === 'left' || why?.kind === 'unanswered') console.input.type(seat, CANCEL)
    await console.input.sent(seat, signal)
  } finally {
    for (const one of [gone, signal]) one.removeEventListener('abort', onGone)
    if (job.atSpeed !== undefined && before !== undefined) await setSpeed(job, before, stop)
    console.transfers.end(seat, why?.text ?? 'the file is complete')
  }
  return why
}

async function setSpeed({ console, signal, report }: TransferJob, baudRate: number, stop: (why: Loss) => void) {
  const loss: Loss = { kind: 'settings', text: `the speed changed to ${baudRate}` }
  const outcome = await console.line.interrupt(loss, signal, line => line.set({ baudRate }))
  if (outcome.done) report(`the line is at ${baudRate}`)
  else stop({ kind: 'settings', text: `the line was not set to ${baudRate}: ${outcome.cause}` })
}

/** What the program at this end and the target say to each other. */
async function exchange(
  job: TransferJob,
  seat: Seat,
  stopped: AbortSignal,
  stop: (why: Loss) => void,
  wire: { received(bytes: Buffer): void; onRoom(): void },
): Promise<void> {
  const { kind, console, clock, directory, file } = job
  const [command, ...args] = lrzszCommand(kind, file)
  const child = spawn(command, args, { cwd: directory, stdio: 'pipe', env: { ...process.env, LC_ALL: 'C' } })
  const ended = new AbortController()
  let said = ''
  let heardAtMs = clock.nowMs()
  wire.received = bytes => {
    heardAtMs = clock.nowMs()
    if (child.stdin.writable) child.stdin.write(bytes)
  }
  wire.onRoom = () => console.input.hasRoom(seat) && child.stdout.resume()
  child.stdin.on('error', () => {})
  child.stdout.on('data', (bytes: Buffer) => {
    if (stopped.aborted) return
    if (console.input.type(seat, bytes) === 'full') child.stdout.pause()
  })
  child.stderr.setEncoding('latin1').on('data', (text: string) => {
    said = (said + text).slice(-SAID_BYTES)
  })
  void watch()
  const closed = once(child, 'close').catch(err => [err])
  const end = await settled<unknown[] | undefined>(stopped, undefined, settle => void closed.then(settle))
  ended.abort(OVER)
  wire.received = () => {}
  if (end === undefined) {
    child.kill('SIGKILL')
    await closed
    return
  }
  const [code] = end
  if (code === 0) return
  if (typeof code === 'object' && code !== null) {
    const cause = errorCode(code) === 'ENOENT' ? 'lrzsz is not installed on the device' : errorMessage(code)
    return stop({ kind: 'closed', text: `the transfer could not start: ${cause}` })
  }
  stop({
    kind: 'stopped',
    text: `the target did not confirm the file (${command}: ${lastWords(said) || `exit code ${code}`})`,
  })

  async function watch(): Promise<void> {
    const startMs = clock.nowMs()
    while (!ended.signal.aborted && !stopped.aborted) {
      await clock.sleep(REPORT_MS, ended.signal)
      if (ended.signal.aborted) return
      if (clock.nowMs() - heardAtMs > SILENCE_MS) {
        stop({ kind: 'unanswered', text: `the target said nothing for ${SILENCE_MS / 1_000} s` })
      }
      const size = await sizeOf(join(directory, file))
      const bytes = kind.direction === 'send' ? (sentBytesOf(said) ?? 0) : size
      const rate = bytes / ((clock.nowMs() - startMs) / 1_000)
      const whole = kind.direction === 'send' ? ` of ${size}` : ''
      const percent =
        kind.direction === 'send' && size > 0 ? ` (${Math.min(100, Math.round((100 * bytes) / size))} %)` : ''
      job.report(`${bytes}${whole} bytes${percent}, ${Math.round(rate)} bytes/s`)
    }
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0
}

/** The last line in which lrzsz does not count. */
function lastWords(said: string): string | undefined {
  const lines = said.split(/[\r\n]+/).map(line => line.replace(/[^\x20-\x7e]/g, '').trim())
  return lines.filter(line => line !== '' && !/sent:|received:|ready to receive|Give your local/i.test(line)).at(-1)
}
