/** Plays a recording on a terminal: as fast as it was, or faster, with bounded pauses; leaves the terminal as it should be. */
import type { Clock } from '../../runtime/clock.ts'
import { Harmless } from './harmless.ts'
import type { Recorded } from './recorded.ts'

export interface PlayOptions {
  /** 2 is twice as fast. */
  speed: number
  clock: Clock
  /** Somebody ends it. */
  over: AbortSignal
  write(bytes: Buffer): Promise<void>
}

/** Milliseconds of the longest pause: who looks for a fault does not wait for one. */
export const PAUSE_MAX_MS = 2_000

/** Leaves the alternate screen. */
const LEAVE_ALTERNATE = '\x1b[?1049l'
/**
 * Soft reset (DECSTR), then what it leaves as it is: wrapping, mouse and focus reports, bracketed paste, keypad, character set:
 * https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */
const RESET = '\x1b[!p\x1b[?7h\x1b[?1000;1002;1003;1004;1005;1006;2004l\x1b>\x1b(B\x0f\x1b[0m\r\n'

/** @returns how many events there were; 0 when nothing is left of it */
export async function play(recorded: AsyncIterable<Recorded>, options: PlayOptions): Promise<number> {
  const { speed, clock, over, write } = options
  const harmless = new Harmless()
  let events = 0
  let latestMs: number | undefined
  let dueMs = clock.nowMs()
  for await (const event of recorded) {
    dueMs += Math.min(PAUSE_MAX_MS, event.atMs - (latestMs ?? event.atMs)) / speed
    latestMs = event.atMs
    const restMs = dueMs - clock.nowMs()
    if (restMs > 0) await clock.sleep(restMs, over)
    // A slow connection is not made up for by haste.
    else dueMs = clock.nowMs()
    if (over.aborted) break
    events++
    if (event.kind === 'output') await write(harmless.feed(event.bytes))
    else if (event.kind === 'mark') await write(Buffer.from(`\r\n[oobm: ${event.text}]\r\n`))
  }
  if (events > 0) await write(Buffer.from(`${harmless.isAlternate ? LEAVE_ALTERNATE : ''}${RESET}`))
  return events
}
