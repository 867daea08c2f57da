/** What a terminal of the page and the desk say to each other beside bytes; pure. Bytes are binary messages, these are text. */

/** From the page. */
export type TerminalAsk =
  /** First: what to open. `relay` logs in to one, so that what it asks is asked here. */
  | { type: 'open'; kind: 'console' | 'watch' | 'shell' | 'relay'; name: string; cols: number; rows: number }
  | { type: 'size'; cols: number; rows: number }
  /** So many bytes of output are on the screen. */
  | { type: 'shown'; bytes: number }

/** From the desk. */
export type TerminalTell =
  /** ssh has ended; 255 is ssh's own failure, null a signal. */
  | { type: 'exit'; code: number | null }
  /** It could not be opened. */
  | { type: 'problem'; text: string }

/** Bytes that may be on the way to the screen: a target that says 50 MB/s waits, and Ctrl-C is seen at once. */
export const WINDOW_BYTES = 262_144

const SIZE_MAX = 1_000

/** @returns undefined for what is none of these */
export function parseTerminalAsk(text: string): TerminalAsk | undefined {
  let asked: Record<string, unknown>
  try {
    asked = Object(JSON.parse(text))
  } catch {
    return undefined
  }
  const { type, kind, name, cols, rows, bytes } = asked
  const isSize = isCount(cols, 2) && isCount(rows, 1)
  if (type === 'size' && isSize) return { type, cols, rows }
  if (type === 'shown' && typeof bytes === 'number' && bytes >= 0 && bytes <= WINDOW_BYTES * 4) return { type, bytes }
  const isKind = kind === 'console' || kind === 'watch' || kind === 'shell' || kind === 'relay'
  if (type === 'open' && isKind && typeof name === 'string' && isSize) return { type, kind, name, cols, rows }
  return undefined
}

function isCount(value: unknown, min: number): value is number {
  return Number.isInteger(value) && Number(value) >= min && Number(value) <= SIZE_MAX
}
