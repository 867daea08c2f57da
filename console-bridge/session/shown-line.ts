/** One line of past output as a terminal would show it at its end: what was erased or overwritten is gone. Pure. */

const BACKSPACE = '\b'
const RETURN = '\r'

/** @param text without control sequences and line end; `--More--` that was overwritten with spaces is not in the result */
export function shownLine(text: string): string {
  if (!text.includes(BACKSPACE) && !text.includes(RETURN)) return text
  const shown: string[] = []
  let at = 0
  for (const character of text) {
    if (character === RETURN) at = 0
    else if (character === BACKSPACE) at = Math.max(0, at - 1)
    else shown[at++] = character
  }
  return shown.join('').trimEnd()
}
