/** Finds the speed of a target by what it says. It only listens, unless it is asked to type. */
import type { Clock } from '../../runtime/clock.ts'
import { controllerUnder, OVER } from '../../runtime/waiting.ts'
import type { LineChanges } from '../line/changes.ts'
import type { Line } from '../line/line.ts'
import { isEnough, type Readable, readable } from '../line/readable.ts'
import { describeSettings, settingsOf } from '../line/settings.ts'
import type { Console } from './console.ts'
import { calledAs, type Person } from './person.ts'
import { refusalOf } from './right.ts'
import type { SetAnswer } from './set-line.ts'

/** The most common first; the speed of now comes before them. */
const SPEEDS = [9_600, 115_200, 38_400, 19_200, 57_600, 230_400, 4_800, 2_400, 1_200]
/** Milliseconds in all: targets log once a minute, or a person presses their power button. */
export const LISTEN_MS = 60_000
/** Milliseconds for the answer to a CR: a prompt of 80 characters at 1200 baud takes 700. */
const ANSWER_MS = 1_500
/** Milliseconds without a byte that end a piece of output. */
const PAUSE_MS = 200
/** Milliseconds between two looks. */
const LOOK_MS = 50
/** Bytes that are enough for any opinion. */
const PIECE_BYTES = 64
/** Milliseconds for which the target must have been silent before something is typed. */
export const SILENT_MS = 60_000

export interface AutobaudOptions {
  console: Console
  by: Person
  /** Sends one CR at each speed, from the highest down. */
  types: boolean
  isKept: boolean
  clock: Clock
  /** Of whoever asked: an abort restores the speed. */
  over: AbortSignal
  /** The end of the program. */
  signal: AbortSignal
  /** Says how it goes. */
  tell(text: string): void
}

/** @returns why nothing may be typed now; undefined when it may */
export function refusalToType({
  console,
  by,
  clock,
}: Pick<AutobaudOptions, 'console' | 'by' | 'clock'>): string | undefined {
  const { writer } = console
  if (writer && writer.technician !== by.technician) return `${calledAs(writer)} has the keyboard; nothing was typed`
  const { lastOutputAt } = console.counters
  if (lastOutputAt === null || clock.wallMs() - lastOutputAt >= SILENT_MS) return undefined
  return 'the target spoke within the last 60 s, so listening is enough: leave out --type; nothing was typed'
}

export async function autobaud(options: AutobaudOptions): Promise<SetAnswer> {
  const { console, by, types, isKept, signal } = options
  const refusal = refusalOf(by)
  if (refusal !== undefined) return { set: false, refused: true, cause: refusal }
  const { withoutSettings } = console.control
  if (withoutSettings !== undefined)
    return { set: false, refused: false, cause: `the line has no speed here: ${withoutSettings}` }
  const cause = types ? refusalToType(options) : undefined
  if (cause !== undefined) return { set: false, refused: false, cause }
  const over = controllerUnder(options.over, signal)
  console.tellAll(`${calledAs(by)} looks for the speed of the target; what you type waits`)
  let found: LineChanges | undefined
  let before = ''
  const loss = { kind: 'settings', text: `${calledAs(by)} looked for the speed of the target` } as const
  const work = async (line: Line) => {
    const settings = settingsOf(line.settings)
    before = describeSettings(settings)
    try {
      found = await (types ? byTyping(options, line, over.signal) : byListening(options, line, over.signal))
    } finally {
      if (!found) await line.set(settings)
    }
  }
  // A BREAK, or a change of the settings, does not wait for it.
  const outcome = await console.line.interrupt(loss, signal, work, () => over.abort(OVER))
  over.release()
  if (!outcome.done || !found) {
    const why = outcome.done ? whyNot(options, over.signal) : outcome.cause
    const restored = console.state.open ? `; the line has ${console.control.shown} again` : ''
    console.tellAll(`the speed of the target was not found: ${why}${restored}`)
    return { set: false, refused: false, cause: `the speed was not found: ${why}${restored}` }
  }
  console.control.made(console.control.plan(calledAs(by), found, isKept))
  const now = console.control.shown
  const until = isKept ? 'kept over restarts' : 'until the last session leaves'
  console.tellAll(`the target speaks ${now}; the line is set to it, ${until}`)
  console.line.settingsChanged(now, by)
  return { set: true, text: `${console.name}: ${now} (was ${before}), ${until}` }
}

function whyNot({ types, over }: AutobaudOptions, ended: AbortSignal): string {
  if (over.aborted) return 'it was stopped'
  if (ended.aborted) return 'a BREAK or other settings came first'
  return types
    ? 'the target gave no readable answer at any speed'
    : `the target said nothing readable within ${LISTEN_MS / 1_000} s`
}

/** Goes to the next speed after each piece that is not readable. */
async function byListening({ console, clock, tell }: AutobaudOptions, line: Line, over: AbortSignal) {
  const speeds = [line.settings.baudRate, ...SPEEDS.filter(speed => speed !== line.settings.baudRate)]
  const untilMs = clock.nowMs() + LISTEN_MS
  for (let at = 0; clock.nowMs() < untilMs && !over.aborted; at++) {
    const baudRate = speeds[at % speeds.length] as number
    if (!(await isSupported(line, baudRate))) continue
    const heard = readable(await piece(console, clock, untilMs, over))
    if (heard.bytes === 0) return undefined
    tell(`${baudRate}: ${describe(heard)}`)
    if (isEnough(heard, false)) return settle(line, baudRate, heard)
  }
  return undefined
}

/** From the highest down: a CR at a lower speed than the target's is a BREAK to it. */
async function byTyping({ console, clock, tell }: AutobaudOptions, line: Line, over: AbortSignal) {
  for (const baudRate of [...SPEEDS].sort((a, b) => b - a)) {
    if (over.aborted) return undefined
    if (!(await isSupported(line, baudRate))) continue
    line.write(Buffer.from('\r'))
    const heard = readable(await piece(console, clock, clock.nowMs() + ANSWER_MS, over))
    tell(`${baudRate}: ${describe(heard)}`)
    if (isEnough(heard, true)) return settle(line, baudRate, heard)
  }
  return undefined
}

/** The speed is the line's already. */
async function settle(line: Line, baudRate: number, { framing }: Readable): Promise<LineChanges> {
  if (framing) await line.set(framing)
  return { baudRate, ...framing }
}

async function isSupported(line: Line, baudRate: number): Promise<boolean> {
  try {
    if (line.settings.baudRate !== baudRate) await line.set({ baudRate })
    return true
  } catch {
    return false
  }
}

/** What the target says from now on, up to a pause. */
async function piece({ scrollback }: Console, clock: Clock, untilMs: number, over: AbortSignal): Promise<Buffer> {
  const from = scrollback.end
  let end = from
  let changedMs = clock.nowMs()
  while (!over.aborted && clock.nowMs() < untilMs && scrollback.end - from < PIECE_BYTES) {
    await clock.sleep(LOOK_MS, over)
    if (scrollback.end !== end) {
      end = scrollback.end
      changedMs = clock.nowMs()
    } else if (end > from && clock.nowMs() - changedMs >= PAUSE_MS) break
  }
  return scrollback.read(from, scrollback.end - from).bytes
}

function describe({ bytes, share, framing }: Readable): string {
  if (bytes === 0) return 'nothing'
  const as = framing ? ` as 7 bits, ${framing.parity} parity` : ''
  return `${bytes} bytes, ${Math.round(share * 100)} % readable${as}`
}
