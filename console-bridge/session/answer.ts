/** Decides when the target has answered a program whose input ended: it is silent, or the time is over. */
import type { Clock } from '../../runtime/clock.ts'
import type { Scrollback } from '../console/scrollback.ts'
import { SESSION_EXIT, type SessionExit } from './exit-codes.ts'
import { PlainText } from './plain-text.ts'

/** Milliseconds of silence that end an answer: one with a prompt at its end, and any other (a `ping` pauses). */
export const SILENCE_MS = { prompt: 2_000, other: 10_000 }
/** Milliseconds after which an answer is cut off: the target logs without a pause. */
export const ANSWER_BOUND_MS = 60_000
/** Milliseconds between two checks. */
const LOOK_MS = 100
/**
 * An unfinished line that ends like a prompt: `core-sw1#`, `alice@host:~$ `, `Switch(config)> `; not a bar of `#####`.
 */
const PROMPT = /[\w)\]~/.:@-] ?[#>$] ?$/
/** Bytes that a prompt with its colours may take. */
const PROMPT_BYTES = 256

export interface AnswerOptions {
  scrollback: Scrollback
  /** The end of the scrollback when the session began. */
  from: number
  /** Whether anything was sent that the target may answer. */
  hasAsked: boolean
  isOpen(): boolean
  clock: Clock
  over: AbortSignal
}

/** What the technician is told at an end that is not plain silence. */
export const ANSWER_NOTICES: Partial<Record<SessionExit, string>> = {
  [SESSION_EXIT.silent]: `the target said nothing for ${SILENCE_MS.other / 1_000} s`,
  [SESSION_EXIT.cut]: `the target still sends output after ${ANSWER_BOUND_MS / 1_000} s: its answer is cut off here`,
}

/** @returns how the answer ended; `ok` also when aborted */
export async function untilAnswered(options: AnswerOptions): Promise<SessionExit> {
  const { scrollback, from, hasAsked, isOpen, clock, over } = options
  const startMs = clock.nowMs()
  let end = scrollback.end
  let changedMs = startMs
  while (!over.aborted) {
    if (hasAsked && !isOpen()) return SESSION_EXIT.unavailable
    if (scrollback.end !== end) {
      end = scrollback.end
      changedMs = clock.nowMs()
    }
    const isPrompt = !hasAsked || endsInPrompt(scrollback, from)
    if (clock.nowMs() - changedMs >= (isPrompt ? SILENCE_MS.prompt : SILENCE_MS.other)) {
      return hasAsked && end === from ? SESSION_EXIT.silent : SESSION_EXIT.ok
    }
    if (clock.nowMs() - startMs >= ANSWER_BOUND_MS) return SESSION_EXIT.cut
    await clock.sleep(LOOK_MS, over)
  }
  return SESSION_EXIT.ok
}

function endsInPrompt(scrollback: Scrollback, from: number): boolean {
  const { bytes } = scrollback.read(Math.max(from, scrollback.end - PROMPT_BYTES), PROMPT_BYTES)
  return PROMPT.test(new PlainText().feed(bytes).toString('latin1'))
}
