/** The bridge's own lines in the output of a session, `[oobm: …]`; pure. A target can print such a line, too, as in every terminal. */

const HEAD = '[oobm: '
/** Characters of a line that is kept while its end is missing. */
const LINE_MAX = 600

/** @returns takes output in pieces that may be cut anywhere */
export function createNoticeReader(onNotice: (text: string) => void): (bytes: Uint8Array) => void {
  const decoder = new TextDecoder()
  let rest = ''
  return bytes => {
    // A flood has none: this is all that it costs.
    if (rest === '' && !bytes.includes(HEAD.charCodeAt(0))) return
    const lines = (rest + decoder.decode(bytes)).split(/[\r\n]+/)
    const last = lines.pop() ?? ''
    for (const line of lines) {
      const [, text] = /\[oobm: (.+)\]\s*$/.exec(line) ?? []
      if (text !== undefined) onNotice(text)
    }
    rest = last.slice(beginningIn(last))
    if (rest.length > LINE_MAX) rest = ''
  }
}

/** Where {@link HEAD} is, or may be at the end. */
function beginningIn(line: string): number {
  const whole = line.indexOf(HEAD)
  if (whole !== -1) return whole
  for (let from = Math.max(0, line.length - HEAD.length); from < line.length; from++)
    if (HEAD.startsWith(line.slice(from))) return from
  return line.length
}
