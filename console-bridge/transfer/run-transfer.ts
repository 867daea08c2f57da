/** Gives the line of a console to a file transfer, at its speed, and takes it back, whatever happens. */
import type { Clock } from '../../runtime/clock.ts'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import { OVER } from '../../runtime/waiting.ts'
import type { Console } from '../console/console.ts'
import type { Loss, LossKind } from '../console/loss.ts'
import type { Person } from '../console/person.ts'
import type { Seat } from '../console/seat.ts'
import { ByteQueue } from './byte-queue.ts'
import { describeProgress } from './describe-progress.ts'
import type { Wire } from './wire.ts'

/** Milliseconds without a byte of the target. */
const SILENCE_MS = 120_000
/** Milliseconds in which no more of the file goes over the line, whatever the target says; a block at 300 bit/s takes 36 s. */
const STALL_MS = 300_000
/** Milliseconds between two looks, for those who see one line change; and between two lines of a report. */
const LOOK_MS = 2_000
const REPORT_MS = 6_000
const COMPLETE = 'the file is complete'
/** Ends a transfer at the target: any two CAN do; the backspaces remove them from a command line. */
const CANCEL = Buffer.from('\x18'.repeat(8) + '\x08'.repeat(8), 'latin1')
/** After a BREAK the target may be in its boot monitor, which would take {@link CANCEL} for a command. */
const CANCELLED: readonly LossKind[] = ['left', 'unanswered', 'stopped']

export interface TransferJob {
  console: Console
  by: Person
  /** `xmodem send` */
  what: string
  /** Bits per second for the transfer; undefined for the speed as it is. */
  atSpeed: number | undefined
  clock: Clock
  /** Whoever asked for it is gone. */
  gone: AbortSignal
  /** The end of the program. */
  signal: AbortSignal
  report(text: string): void
  /** The transfer itself. @returns why it failed; undefined when the file is complete, or when it was ended */
  exchange(wire: Wire): Promise<string | undefined>
}

/** @returns why it failed; undefined when all of the file is at its place */
export async function runTransfer(job: TransferJob): Promise<Loss | undefined> {
  const { console, by, what, gone, signal } = job
  const over = new AbortController()
  let why: Loss | undefined
  const stop = (loss: Loss) => {
    why ??= loss
    over.abort(OVER)
  }
  const line = lineOf(job, over.signal)
  const seat = console.transfers.begin(by, what, { received: line.received, onRoom: line.onRoom, stop })
  if ('kind' in seat) return seat
  line.seat = seat
  const onGone = () => stop({ kind: 'left', text: signal.aborted ? 'the console bridge is stopping' : 'cancelled' })
  for (const one of [gone, signal]) one.addEventListener('abort', onGone)
  if (gone.aborted || signal.aborted) onGone()
  const before = console.line.current?.settings.baudRate
  const watched = new AbortController()
  try {
    const unset = job.atSpeed === undefined ? undefined : await setSpeed(job, job.atSpeed)
    if (unset !== undefined) stop({ kind: 'settings', text: unset })
    if (!over.signal.aborted) {
      void watch(job, line, AbortSignal.any([over.signal, watched.signal]), seat, stop)
      const failure = await job.exchange(line.wire)
      if (failure !== undefined) why ??= { kind: 'stopped', text: failure }
    }
    if (why && CANCELLED.includes(why.kind) && line.hasSent) console.input.type(seat, CANCEL)
    await console.input.sent(seat, signal)
  } catch (err) {
    const isDisk = errorCode(err) !== undefined
    why ??= {
      kind: 'stopped',
      text: isDisk ? `the file on the device: ${errorMessage(err)}` : 'a defect of the bridge',
    }
    if (!isDisk) throw err
    if (line.hasSent) console.input.type(seat, CANCEL)
  } finally {
    watched.abort(OVER)
    for (const one of [gone, signal]) one.removeEventListener('abort', onGone)
    // A line that closed is opened with its own settings.
    const isChanged = job.atSpeed !== undefined && before !== undefined && console.state.open && !signal.aborted
    const unset = isChanged ? await setSpeed(job, before) : undefined
    if (unset !== undefined) why = { kind: 'settings', text: `${why?.text ?? COMPLETE}, but ${unset}` }
    console.transfers.end(seat, why?.text ?? COMPLETE, line.wire.progress.bytes)
    const tail = Buffer.concat([line.wire.tail, line.wire.queue.rest()])
    if (!why && tail.length > 0) console.received(tail)
  }
  return why
}

/** @returns why it did not change */
async function setSpeed({ console, signal, report }: TransferJob, baudRate: number): Promise<string | undefined> {
  const loss: Loss = { kind: 'settings', text: `the speed changed to ${baudRate}` }
  const outcome = await console.line.interrupt(loss, signal, line => line.set({ baudRate }))
  if (!outcome.done) return `the line was not set to ${baudRate}: ${outcome.cause}`
  report(`the line is at ${baudRate}`)
  console.tellAll(`the line is at ${baudRate}`)
  return undefined
}

/** The line as the transfer has it, and as the console feeds it. */
function lineOf({ console, clock }: TransferJob, over: AbortSignal) {
  let hear: ((bytes: Buffer) => void) | undefined
  let tellRoom = () => {}
  const line = {
    seat: undefined as Seat | undefined,
    heardAtMs: clock.nowMs(),
    hasSent: false,
    received: (bytes: Buffer) => {
      line.heardAtMs = clock.nowMs()
      if (hear) hear(bytes)
      else line.wire.queue.push(bytes)
    },
    onRoom: () => {
      if (line.seat && console.input.hasRoom(line.seat)) tellRoom()
    },
    wire: {
      clock,
      over,
      queue: new ByteQueue(clock, over),
      progress: { bytes: 0, total: undefined },
      tail: Buffer.alloc(0),
      send: bytes => {
        if (over.aborted || !line.seat) return true
        line.hasSent = true
        return console.input.type(line.seat, bytes) !== 'full'
      },
      divert: (to, onRoom = () => {}) => {
        hear = to
        tellRoom = onRoom
        if (!to) return
        const rest = line.wire.queue.rest()
        if (rest.length > 0) to(rest)
      },
    } as Wire,
  }
  return line
}

/** Reports how far it is, and ends one that does not get on. */
async function watch(
  { clock, console, report }: TransferJob,
  line: ReturnType<typeof lineOf>,
  over: AbortSignal,
  seat: Seat,
  stop: (why: Loss) => void,
): Promise<void> {
  const startMs = clock.nowMs()
  let movedAtMs = startMs
  let before = 0
  let reportAtMs = startMs + LOOK_MS
  for (;;) {
    await clock.sleep(LOOK_MS, over)
    if (over.aborted) return
    const { progress } = line.wire
    const nowMs = clock.nowMs()
    if (progress.bytes !== before) movedAtMs = nowMs
    before = progress.bytes
    const text = describeProgress(progress, nowMs - startMs)
    // It waits for a person at first: that is said once.
    if (nowMs >= reportAtMs) report(text)
    if (nowMs >= reportAtMs) reportAtMs = progress.bytes > 0 ? nowMs + REPORT_MS : Number.POSITIVE_INFINITY
    if (progress.bytes > 0 && reportAtMs === Number.POSITIVE_INFINITY) reportAtMs = nowMs
    console.transfers.progress(seat, text)
    if (nowMs - line.heardAtMs > SILENCE_MS) {
      stop({ kind: 'unanswered', text: `the target said nothing for ${SILENCE_MS / 1_000} s` })
    } else if (nowMs - movedAtMs > STALL_MS) {
      stop({ kind: 'unanswered', text: `nothing of the file went over the line for ${STALL_MS / 1_000} s` })
    }
  }
}
