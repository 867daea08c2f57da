/** What a target may have xterm.js do: nothing that stops the page, hides what is true, or keeps Ctrl-C from the target. */
import type { Terminal } from '@xterm/xterm'

/** Of a command with a count (lines to insert, tabs, a character to repeat): xterm.js counts up to 2^31 in one go. */
const COUNT_MAX = 256
/** REP, CHT, CBT, IL, DL, SU, SD (ECMA-48, 8.3). */
const COUNTED = ['b', 'I', 'Z', 'L', 'M', 'S', 'T']
/** The palette, and what a link leads to: both could hide what is true, and cost more than they bring. */
const UNUSED_OSC = [4, 8, 10, 11, 12, 104, 110, 111, 112]
/** What is asked of the terminal: DA, DSR, DECRQM, each with its private form. */
const QUESTIONS = [
  { final: 'c' },
  { prefix: '>', final: 'c' },
  { final: 'n' },
  { prefix: '?', final: 'n' },
  { intermediates: '$', final: 'p' },
  { prefix: '?', intermediates: '$', final: 'p' },
] as const
/** In a second: a program asks once or twice at its start. An answer goes where keys go, and Ctrl-C must not wait for a million. */
const ANSWERS_MAX = 20

/** Commands that no target of ours needs are not carried out. */
export function tameTerminal({ parser }: Terminal): void {
  for (const final of COUNTED) parser.registerCsiHandler({ final }, ([count]) => Number(count) > COUNT_MAX)
  for (const code of UNUSED_OSC) parser.registerOscHandler(code, () => true)
  const isTooMuch = createAnswerBound(() => performance.now())
  for (const question of QUESTIONS) parser.registerCsiHandler(question, isTooMuch)
  parser.registerDcsHandler({ intermediates: '$', final: 'q' }, isTooMuch)
}

function createAnswerBound(nowMs: () => number): () => boolean {
  let fromMs = Number.NEGATIVE_INFINITY
  let answers = 0
  return () => {
    if (nowMs() - fromMs >= 1_000) {
      fromMs = nowMs()
      answers = 0
    }
    return ++answers > ANSWERS_MAX
  }
}
