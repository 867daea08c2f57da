/** What a technician is told on attaching, and in the help of the escape key. */

import { timeText } from '../../runtime/time-text.ts'
import type { Console } from '../console/console.ts'
import { calledAs } from '../console/person.ts'
import type { Seat } from '../console/seat.ts'
import { describeSettings } from '../line/settings.ts'
import { ESCAPE_KEYS } from './escape-parser.ts'

/** Lines of scrollback that a late-comer sees: a screenful. */
export const GREETING_LINES = 24

/** One text a line. @param escapeName `Ctrl-]`; undefined where the escape key does not work (no pty) */
export function greeting(console: Console, seat: Seat, escapeName: string | undefined): string[] {
  const { config, state, hold } = console
  const lines = [`console ${config.name} on ${config.path}, ${describeSettings(config)}`]
  lines.push(`you are ${calledAs(seat)}, ${seat.role}: ${describeRight(console, seat, escapeName)}`)
  const others = console.seats.filter(other => other !== seat && other !== console.writer)
  if (others.length > 0) lines.push(`also here: ${others.map(calledAs).join(', ')}`)
  if (!state.open) {
    lines.push(`the line is closed since ${timeText(state.since)}: ${state.cause}. What you type is not sent`)
  }
  if (hold) {
    const release = escapeName === undefined ? '' : `. ${escapeName} r lets it go on`
    lines.push(`flow control holds the line since ${timeText(hold.since)}: ${hold.cause}${release}`)
  }
  if (escapeName !== undefined) lines.push(`${escapeName} ? for help`)
  if (escapeName !== undefined && seat.via === 'relay' && seat.mayType) {
    // The relay's sshd answers a client's BREAK request itself, and nothing of it gets here.
    lines.push(`BREAK is ${escapeName} b on this way: your client's own stops at the relay`)
  }
  return lines
}

function describeRight({ writer }: Console, seat: Seat, escapeName: string | undefined): string {
  if (!seat.mayType) return writer ? `you watch, ${calledAs(writer)} types` : 'you watch'
  if (writer === seat) return 'you type'
  if (!writer) return 'nobody types, you may'
  return `${calledAs(writer)} types, you watch${escapeName === undefined ? '' : `; ${escapeName} w takes over`}`
}

/** For a console whose target has never said a word. */
export function silenceHint(console: Console): string[] {
  return [
    'the target has said nothing since the bridge started. Press Enter.',
    `If nothing comes: is it powered? is the cable in its console port? is ${describeSettings(console.config)} its speed?`,
  ]
}

/** @param escapeName `Ctrl-]` */
export function escapeHelp(escapeName: string): string[] {
  const keys = Object.entries(ESCAPE_KEYS).map(([key, { does }]) => `${escapeName} ${key}  ${does}`)
  return [...keys, `${escapeName} ${escapeName}  send ${escapeName} itself`]
}
