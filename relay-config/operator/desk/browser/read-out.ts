/** What screen readers are told of a terminal: all that comes, but not a flood. */
import type { Terminal } from '@xterm/xterm'

/** Bytes in a second above which nothing is read out: xterm.js keeps what is to be read for as long as no line ends. */
const READ_OUT_MAX = 65_536
/** Milliseconds without that many before it is read out again. */
const CALM_MS = 1_000

/** Has a flood not read out, until it is over. */
export function createReadOut(term: Terminal): (bytes: number) => void {
  let fromMs = 0
  let sum = 0
  let timer: number | undefined
  const calm = () => {
    timer = undefined
    // A closed one has left its place.
    if (term.element?.parentElement) term.options.screenReaderMode = true
  }
  return bytes => {
    const now = performance.now()
    if (now - fromMs > CALM_MS) {
      fromMs = now
      sum = 0
    }
    sum += bytes
    if (sum < READ_OUT_MAX) return
    if (timer === undefined) term.options.screenReaderMode = false
    clearTimeout(timer)
    timer = setTimeout(calm, CALM_MS)
  }
}
