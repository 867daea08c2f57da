/** What a target says, on its way to xterm.js: at a pace that leaves the page time for everything else. */
import type { Terminal } from '@xterm/xterm'
import { createJoinBound } from '../terminal/bound-joins.ts'
import { writeInPieces } from './guarded-terminal.ts'
import { createReadOut } from './read-out.ts'

/** Characters that xterm.js is given until it has drawn them: fewer of what costs it much. */
const GIVEN = { min: 64, max: 65_536 }
/** Milliseconds that it may take for them. */
const GIVEN_MS = { few: 30, many: 100 }
/** Milliseconds that output waits at most: what is older is left out, so that the end of a flood is seen. */
const LATE_MS = 2_000
/** From then on all is left out until nothing comes for so long, or for so long at most; the last characters are drawn. */
const SKIP = { calmMs: 100, mostMs: 2_000, tail: 4_096 }

interface Waiting {
  text: string
  bytes: number
  sinceMs: number
}

/**
 * One connection's output.
 * @param whenShown gets the bytes that are on the screen, or left out
 * @param leftOut says in one line that so many kB are missing
 */
export function createFeed(
  term: Terminal,
  whenShown: (bytes: number) => void,
  leftOut: (kB: number) => string,
): (bytes: Uint8Array) => void {
  const decoder = new TextDecoder()
  const bound = createJoinBound()
  const readOut = createReadOut(term)
  let waiting: Waiting[] = []
  let isDrawing = false
  let given = GIVEN.max
  let skipped: { untilMs: number; bytes: number; tail: string; timer: number | undefined } | undefined
  /** While nobody looks, browsers let a page do next to nothing: that is no reason to leave anything out. */
  let seenFromMs = 0
  const isLate = ({ sinceMs }: Waiting) => performance.now() - Math.max(sinceMs, seenFromMs) > LATE_MS
  const draw = () => {
    if (document.hidden) seenFromMs = Number.POSITIVE_INFINITY
    else if (seenFromMs === Number.POSITIVE_INFINITY) seenFromMs = performance.now()
    const [first] = waiting
    isDrawing = first !== undefined
    if (first === undefined) return
    if (isLate(first)) {
      const late = waiting
      waiting = []
      skipped = { untilMs: performance.now() + SKIP.mostMs, bytes: 0, tail: '', timer: undefined }
      for (const { text, bytes } of late) skip(text, bytes)
      return
    }
    const { text, bytes } = takeFrom(waiting, given)
    const fromMs = performance.now()
    const drawn = () => {
      const tookMs = performance.now() - fromMs
      if (tookMs > GIVEN_MS.many) given = Math.max(GIVEN.min, given / 2)
      else if (tookMs < GIVEN_MS.few) given = Math.min(GIVEN.max, given * 2)
      whenShown(bytes)
      draw()
    }
    writeInPieces(term, text, drawn)
  }
  const skip = (text: string, bytes: number) => {
    if (skipped === undefined) return
    skipped.bytes += bytes
    skipped.tail = (skipped.tail + text).slice(-SKIP.tail)
    whenShown(bytes)
    clearTimeout(skipped.timer)
    if (performance.now() > skipped.untilMs) endSkip()
    else skipped.timer = setTimeout(endSkip, SKIP.calmMs)
  }
  const endSkip = () => {
    if (skipped === undefined) return
    const { bytes, tail, timer } = skipped
    clearTimeout(timer)
    skipped = undefined
    const kB = Math.ceil((bytes - tail.length) / 1_000)
    waiting.unshift({ text: tail, bytes: 0, sinceMs: performance.now() })
    // CAN ends a sequence that has begun.
    term.write(`\x18\x1b[0m\r\n${leftOut(kB)}\r\n`, draw)
  }
  return bytes => {
    readOut(bytes.length)
    const text = bound(decoder.decode(bytes, { stream: true }))
    if (skipped !== undefined) return skip(text, bytes.length)
    waiting.push({ text, bytes: bytes.length, sinceMs: performance.now() })
    if (!isDrawing) draw()
  }
}

/** The first characters of what waits; the bytes of a part count when the last of it is taken. */
function takeFrom(waiting: Waiting[], most: number): { text: string; bytes: number } {
  let text = ''
  let bytes = 0
  while (waiting[0] !== undefined && text.length < most) {
    const [first] = waiting
    const room = most - text.length
    text += first.text.slice(0, room)
    if (first.text.length > room) {
      first.text = first.text.slice(room)
      break
    }
    bytes += first.bytes
    waiting.shift()
  }
  return { text, bytes }
}
