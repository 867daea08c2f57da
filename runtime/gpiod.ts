/** The tools of libgpiod (Debian's package gpiod), by which our programs use lines of a character device. */
import spawn from 'nano-spawn'
import { errorMessage } from './errors.ts'
import { within } from './waiting.ts'

const ANSWER_MS = 10_000
/** Version 1 has no debouncing, and other options. */
const OLDEST = 2

/** @returns why they cannot be used, as a sentence without its end; undefined when they can */
export async function gpiodProblem(): Promise<string | undefined> {
  try {
    // Node.js forgets the timer of its own limit when a program is not there.
    const run = (signal: AbortSignal) => spawn('gpiodetect', ['--version'], { signal })
    const outcome = await within(ANSWER_MS, [], run)
    if (outcome.kind !== 'done') return `gpiodetect did not answer within ${ANSWER_MS / 1000} s`
    const { stdout } = outcome.value
    const [, version = '', major] = /\bv((\d+)[\d.]*)/.exec(stdout) ?? []
    if (Number(major) >= OLDEST) return undefined
    return `the package gpiod is too old (${version || 'of no version'}): libgpiod 2 is needed, as in Debian 13`
  } catch (err) {
    const isMissing = /ENOENT/.test(`${errorMessage(err)} ${errorMessage((err as Error).cause)}`)
    return isMissing ? 'the package gpiod is not installed' : `gpiodetect: ${errorMessage(err)}`
  }
}
