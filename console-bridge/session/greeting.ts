/** What a technician is told at the beginning of a session, and in the help of the escape key. */

import { labelLines } from '../../formats/console-label.ts'
import { shownPath } from '../../formats/line-path.ts'
import { timeText } from '../../runtime/time-text.ts'
import type { Console } from '../console/console.ts'
import type { KeptSeat } from '../console/kept-seats.ts'
import { describeNote } from '../console/note.ts'
import { calledAs } from '../console/person.ts'
import type { Seat } from '../console/seat.ts'
import type { EscapeKeys } from './escape-keys.ts'

/** Lines of scrollback that are shown at the beginning: a screenful. */
export const GREETING_LINES = 24

/**
 * @returns one text for each line. @param keys undefined where the escape key does not work (no pty)
 */
export function greeting(console: Console, seat: Seat, keys: EscapeKeys | undefined): string[] {
  const { config, state, hold } = console
  const lines = [`console ${config.name} on ${shownPath(config.path)}, ${console.control.shown}`]
  lines.push(...labelLines(config.label))
  const { difference } = console.control
  if (difference) lines.push(`${difference.why}; configured: ${difference.configured}`)
  lines.push(`you are ${calledAs(seat)}, ${seat.role}: ${describeRight(console, seat, keys)}`)
  const others = console.seats.filter(other => other !== seat && other !== console.writer)
  if (others.length > 0) lines.push(`also here: ${others.map(calledAs).join(', ')}`)
  const end = console.sessions.endOfFormer(seat)
  if (end !== undefined) lines.push(end)
  if (seat.back) lines.push(...describeReturn(console, seat.back))
  lines.push(...console.onLeave.warningsFor(seat))
  if (console.note) lines.push(describeNote(console.note))
  if (!state.open) {
    lines.push(`the line has been closed since ${timeText(state.since)}: ${state.cause}; what you type is not sent`)
  }
  if (hold) {
    const release = keys ? `; ${keys.press('release')} to release it` : ''
    lines.push(`flow control has held the line since ${timeText(hold.since)}: ${hold.cause}${release}`)
  }
  if (keys) lines.push(`${keys.press('help')} for help`)
  if (keys && seat.via === 'relay' && seat.mayType) {
    // The relay's sshd answers a client's BREAK request itself and does not forward it.
    lines.push(`to send BREAK, press ${keys.press('break')}: the relay does not pass on your client's own`)
  }
  return lines
}

function describeRight(console: Console, seat: Seat, keys: EscapeKeys | undefined): string {
  const { writer, keptFor } = console.keyboard
  if (!seat.mayType) return writer ? `you watch, ${calledAs(writer)} types` : 'you watch'
  if (writer === seat) return 'you type'
  if (!writer && !keptFor) return 'nobody types; you may'
  if (console.keyboard.transfer) {
    return `${console.keyboard.describeOccupied(seat)}${keys ? `, and ${keys.press('stop-paste')} stops it` : ''}`
  }
  return `${console.keyboard.describeOccupied(seat)}, you watch${keys ? `; ${keys.press('take-over')} to take over` : ''}`
}

/** For somebody whose connection was lost. */
function describeReturn(
  { scrollback }: Console,
  { lostAt, readUpTo, discardedBytes, wrote, takenBy }: KeptSeat,
): string[] {
  const missing = readUpTo === undefined ? 0 : scrollback.start - readUpTo
  return [
    readUpTo === undefined
      ? `the console bridge was restarted after ${timeText(lostAt)}; what the target said meanwhile is missing`
      : `your connection was lost at ${timeText(lostAt)}; ${scrollback.end > readUpTo ? 'what the target said since follows, and may begin with what you read' : 'the target said nothing since'}`,
    ...(missing > 0 ? [`${missing} bytes are missing before it: the target said more than the bridge keeps`] : []),
    ...(discardedBytes > 0
      ? [`${discardedBytes} bytes that you had typed were not sent: they waited for the line`]
      : []),
    ...(wrote && takenBy !== undefined ? [`${takenBy} took over typing meanwhile`] : []),
  ]
}

/** For a console whose target has said nothing. */
export function silenceHint(console: Console): string[] {
  const { shown, withoutSettings } = console.control
  const speed = `check its power, the cable to its console port, and its speed (here ${shown})`
  return [
    'no output from the target since the bridge started; press Enter',
    `if nothing comes, ${withoutSettings === undefined ? speed : 'check its power, and what is at the other end of the line'}`,
  ]
}
