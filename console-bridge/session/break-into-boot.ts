/** Sends BREAK after BREAK while a target boots, until its boot monitor shows a prompt, or somebody presses a key. */

import { BREAK_WINDOW_S } from '../../formats/exec-commands.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Console } from '../console/console.ts'
import { calledAs, type Person } from '../console/person.ts'
import type { Seat } from '../console/seat.ts'
import { PlainText } from './plain-text.ts'

/** Milliseconds between two BREAKs: a boot monitor that has taken one must get to its prompt in between. */
const BETWEEN_MS = 1_500
const LOOK_MS = 100
/** Milliseconds of silence after which the last line counts as a prompt. */
const SILENCE_MS = 400
/** `rommon 1 >`, `switch:`, `loader >`, `=>`, `ok`, `{0} ok`, `Router>`, `Aboot#` */
const PROMPT = /(?:[\w)\]~/.:@-] ?[#>$]|=>|\b(?:switch|ok):?) ?$/i
const PROMPT_BYTES = 256

export interface BreakIntoBoot {
  console: Console
  by: Person | Seat
  clock: Clock
  /** A key, or the end of who asked. */
  over: AbortSignal
  /** The end of the program. */
  stopping: AbortSignal
}

/** `prompt`: the last line. Otherwise why there is none. */
export type BootOutcome = { prompt: string; breaks: number } | { cause: string; breaks: number; isStopped: boolean }

/** Begins at once. Everybody at the console is told at the beginning and at the end. */
export async function breakIntoBoot({ console, by, clock, over, stopping }: BreakIntoBoot): Promise<BootOutcome> {
  const { scrollback, breaks } = console
  const endMs = clock.nowMs() + BREAK_WINDOW_S * 1_000
  const typed = console.counters.bytesOut
  const isStopped = () => over.aborted || stopping.aborted || console.counters.bytesOut !== typed
  const from = scrollback.end
  let position = from
  let changedMs = clock.nowMs()
  let sent = 0
  console.tellAll(
    `${calledAs(by)} sends BREAK every ${BETWEEN_MS / 1000} s until a prompt comes, for ${BREAK_WINDOW_S} s at most; a key stops it`,
  )
  const outcome = await run()
  if (sent > 0) breaks.noteUntold(by, sent)
  console.tellAll(
    'prompt' in outcome
      ? `prompt after ${outcome.breaks} BREAKs: no more are sent`
      : `no more BREAKs: ${outcome.cause}`,
  )
  return outcome

  async function run(): Promise<BootOutcome> {
    let whyNot = ''
    while (clock.nowMs() < endMs) {
      if (isStopped()) return { cause: 'stopped', breaks: sent, isStopped: true }
      const answer = await breaks.sendUntold(by, stopping)
      // An adapter that the target feeds comes back a while after it.
      if (answer.sent) sent++
      else if (answer.refused) return { cause: answer.cause, breaks: sent, isStopped: true }
      else whyNot = answer.cause
      const nextMs = clock.nowMs() + BETWEEN_MS
      while (clock.nowMs() < nextMs) {
        await clock.sleep(LOOK_MS, over)
        if (isStopped()) return { cause: 'stopped', breaks: sent, isStopped: true }
        const prompt = promptNow()
        if (prompt !== undefined) return { prompt, breaks: sent }
      }
    }
    const why =
      sent === 0 ? `no BREAK was sent (${whyNot})` : `no prompt came in ${BREAK_WINDOW_S} s, after ${sent} BREAKs`
    return { cause: why, breaks: sent, isStopped: false }
  }

  function promptNow(): string | undefined {
    if (scrollback.end !== position) {
      position = scrollback.end
      changedMs = clock.nowMs()
      return undefined
    }
    if (position === from || clock.nowMs() - changedMs < SILENCE_MS) return undefined
    const { bytes } = scrollback.read(Math.max(from, scrollback.end - PROMPT_BYTES), PROMPT_BYTES)
    const line =
      new PlainText()
        .feed(bytes)
        .toString('latin1')
        .split(/[\r\n]/)
        .at(-1) ?? ''
    return PROMPT.test(line) ? line.trim() : undefined
  }
}
