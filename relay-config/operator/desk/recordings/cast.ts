/**
 * A recorded session as it is played: an asciicast v2 file (https://docs.asciinema.org/manual/asciicast/v2), read as it comes. What is
 * in it is the target's to say: whatever is no event is left out. Pure.
 */

export interface CastEvent {
  /** Milliseconds in which it is shown: pauses are shortened. */
  atMs: number
  /** Milliseconds since the session began. */
  realMs: number
  /** Output, another size of the terminal, and a mark: a take-over, a BREAK, the end. */
  kind: 'o' | 'r' | 'm'
  text: string
}

export interface Size {
  cols: number
  rows: number
}

export interface Cast {
  /** Of the terminal at the beginning; undefined until the first line has come. */
  size: Size | undefined
  title: string
  /** Milliseconds since 1970. */
  beganAtMs: number
  events: CastEvent[]
  /** Lines that are left out: no event, or one too many. */
  strange: number
}

/** Bytes of a recording's file that are shown: its page keeps all of it, and goes through all of it for each step back. */
export const RECORDING_MAX_BYTES = 16 * 1024 ** 2
/** Events that are kept: a file of the shortest ones has 1.6 million, each of which takes ten times its line. */
export const EVENTS_MAX = 400_000
/** Milliseconds of the longest pause, as `recordings play` has it: who looks for a fault does not wait for one. */
const PAUSE_MAX_MS = 2_000
/** What a terminal can be: a larger one takes the browser's memory. */
const SIZE_MAX: Size = { cols: 500, rows: 200 }

/** @returns what takes the file in pieces, divided anywhere, and what has been read of it */
export function createCast(): { cast: Cast; feed(bytes: Uint8Array): void; end(): void } {
  const cast: Cast = { size: undefined, title: '', beganAtMs: 0, events: [], strange: 0 }
  const decoder = new TextDecoder()
  let partial = ''
  const take = (text: string) => {
    const [first = '', ...lines] = text.split('\n')
    partial += first
    for (const next of lines) {
      if (partial !== '') takeLine(cast, partial)
      partial = next
    }
  }
  return {
    cast,
    feed: bytes => take(decoder.decode(bytes, { stream: true })),
    // A file that was cut ends within a line.
    end: () => take(decoder.decode()),
  }
}

/** The number of events that are shown at that moment. */
export function countAt(events: readonly CastEvent[], ms: number): number {
  let [low, high] = [0, events.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((events[middle]?.atMs ?? 0) <= ms) low = middle + 1
    else high = middle
  }
  return low
}

/** `132x50` @returns undefined for what is no size, or too large for a screen */
export function sizeOf(text: string): Size | undefined {
  const [, cols, rows] = /^(\d{1,5})x(\d{1,5})$/.exec(text) ?? []
  return boundedSize(Number(cols), Number(rows))
}

function boundedSize(cols: unknown, rows: unknown): Size | undefined {
  if (typeof cols !== 'number' || typeof rows !== 'number' || !(cols >= 1 && rows >= 1)) return undefined
  return { cols: Math.min(SIZE_MAX.cols, Math.floor(cols)), rows: Math.min(SIZE_MAX.rows, Math.floor(rows)) }
}

function takeLine(cast: Cast, line: string): void {
  const value = jsonOf(line)
  if (cast.size === undefined) {
    const { width, height, title, timestamp } = (typeof value === 'object' && value !== null ? value : {}) as Record<
      string,
      unknown
    >
    cast.size = boundedSize(width, height) ?? { cols: 80, rows: 24 }
    cast.title = typeof title === 'string' ? title : ''
    cast.beganAtMs = typeof timestamp === 'number' ? timestamp * 1000 : 0
    return
  }
  const [atS, kind, text] = Array.isArray(value) ? (value as unknown[]) : []
  const isEvent = typeof atS === 'number' && Number.isFinite(atS) && typeof text === 'string'
  if (!isEvent || cast.events.length >= EVENTS_MAX || (kind !== 'o' && kind !== 'r' && kind !== 'm')) {
    cast.strange++
    return
  }
  const last = cast.events.at(-1)
  // Times that go back, as after a clock was set, are one moment.
  const realMs = Math.max(last?.realMs ?? 0, Math.round(atS * 1000))
  const pauseMs = Math.min(PAUSE_MAX_MS, realMs - (last?.realMs ?? realMs))
  cast.events.push({ atMs: (last?.atMs ?? 0) + pauseMs, realMs, kind, text })
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
