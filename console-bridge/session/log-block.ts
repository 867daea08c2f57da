/** The last lines of a transcript as one block between two lines of the bridge; pure. */
import type { LogLine } from './log-lines.ts'

/** What hides, or turns the direction of the text after it; a tab stays. */
const UNPRINTABLE = /[^\P{C}\t]|[\p{Zl}\p{Zp}]/gu

/**
 * Each line begins with its time, so that none can pass for one of the bridge. The day is said once where there is only one.
 * @param lines without control sequences
 * @param name of the console
 */
export function logBlock(lines: readonly LogLine[], name: string): string[] {
  if (lines.length === 0) return [`[oobm: nothing was recorded at ${name}]`]
  const days = new Set(lines.map(({ time }) => time.slice(0, DATE.length)))
  const [day = ''] = days
  const isOneDay = days.size === 1
  const what = lines.length === 1 ? 'last line' : `last ${lines.length} lines`
  const isUnsure = lines.some(({ time }) => time.endsWith('?'))
  return [
    `[oobm: ${what} of ${name}, ${isOneDay ? `${day}, ` : ''}times in UTC]`,
    ...lines.map(({ time, text }) => `${shortTime(time, isOneDay)} ${text.replace(UNPRINTABLE, '')}`),
    `[oobm: end; more: ssh ${name} log${isUnsure ? '; ? where the clock may be wrong' : ''}]`,
  ]
}

const DATE = '2026-11-26'
const YEAR = '2026-'
const MILLISECONDS = '.123'

/** `04:20:07`, `11-26 04:20:07`; `?` where the clock was not known to be right. */
function shortTime(time: string, isOneDay: boolean): string {
  const mark = time.at(-1) === '?' ? '?' : ''
  return time.slice(isOneDay ? DATE.length + 1 : YEAR.length, -MILLISECONDS.length - 1) + mark
}
