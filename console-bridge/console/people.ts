/** What people at a console say to and do with each other: who is here, messages, notes, the end of another's session. */
import { timeText } from '../../runtime/time-text.ts'
import type { Console } from './console.ts'
import { describeKept } from './kept-seats.ts'
import { describeNote } from './note.ts'
import { calledAs, type Person } from './person.ts'
import type { Seat } from './seat.ts'
import { shownText } from './shown-text.ts'

/** Seconds without a key after which somebody is shown as idle. */
const IDLE_S = 60

/** `done`: what the asker is told; otherwise why not. `refused`: this person may not. */
export type PeopleAnswer = { done: string } | { cause: string; refused: boolean }

export const NO_KICK = 'only an administrator of this device may end the session of another'

/** One line for each person, the one who types first. @param you the seat of the asker */
export function describeWho(console: Console, you?: Seat): string[] {
  const { seats, writer } = console
  const first = writer ? [writer] : []
  const all = [...first, ...seats.filter(seat => seat !== writer)]
  const rows = all.map(seat => [
    `${calledAs(seat)}${seat === you ? ' (you)' : ''}`,
    seat === console.keyboard.transfer?.seat ? 'transfers' : seat === writer ? 'types' : 'watches',
    `since ${timeText(seat.since)}`,
    describeIdle(seat.idleMs),
    `from ${seat.from}`,
  ])
  const count = `${all.length} session${all.length === 1 ? '' : 's'} at ${console.name}`
  const here = all.length === 0 ? `nobody is at ${console.name}` : count
  const kept = console.keyboard.keptFor ? [`  ${describeKept(console.keyboard.keptFor)}`] : []
  return [here, ...aligned(rows), ...kept, ...(console.note ? [describeNote(console.note)] : [])]
}

function describeIdle(idleMs: number): string {
  const idleS = Math.floor(idleMs / 1_000)
  if (idleS < IDLE_S) return 'active'
  return idleS < 3_600 ? `idle ${Math.floor(idleS / 60)} min` : `idle ${Math.floor(idleS / 3_600)} h`
}

function aligned(rows: readonly string[][]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? []
  return rows.map(row => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
}

/**
 * Shows a line to everybody else at the console.
 * @param from a seat; or a person beside their session, such as a window of the same desk: it is shown there, too, and alone it
 * is nobody else's
 */
export function sendMessage(console: Console, from: Seat | Person, text: string): PeopleAnswer {
  const shown = shownText(text)
  if (shown === '') return { cause: 'the message is empty; nothing was sent', refused: false }
  const own = console.seats.find(seat => seat === from) ?? console.seats.find(seat => calledAs(seat) === calledAs(from))
  const others = console.seats.filter(seat => seat !== own)
  if (others.length === 0) return { cause: 'nobody else is here; the message was not sent', refused: false }
  console.tellAll(`message from ${calledAs(from)}: ${shown}`, own === from ? own : undefined)
  return { done: `message sent to ${[...new Set(others.map(calledAs))].join(', ')}` }
}

/** Ends all sessions of a person at this console. @param name as `who` shows it, with or without `(via …)` */
export async function kick(console: Console, by: Person, name: string): Promise<PeopleAnswer> {
  if (!by.isAdmin) return { cause: NO_KICK, refused: true }
  const shown = shownText(name)
  const theirs = console.seats.filter(seat => seat.technician === shown || calledAs(seat) === shown)
  const { transfer } = console.keyboard
  const isTransfer = transfer && (transfer.seat.technician === shown || calledAs(transfer.seat) === shown)
  if (isTransfer) transfer.stop({ kind: 'left', text: `${calledAs(by)} ended it` })
  if (theirs.length === 0 && isTransfer) return { done: `ended the file transfer of ${shown}` }
  if (theirs.length === 0) return { cause: `nobody called "${shown}" is at ${console.name}`, refused: false }
  await Promise.all(theirs.map(({ events }) => events.onDismissed(`${calledAs(by)} ended your session`)))
  console.tellAll(`${calledAs(by)} ended the session of ${shown}`)
  return { done: `ended ${theirs.length} session${theirs.length === 1 ? '' : 's'} of ${shown}` }
}

/** Puts a note on the console, or takes it off where the text is undefined; everybody there is told. */
export async function putNote(console: Console, by: Person, text: string | undefined): Promise<PeopleAnswer> {
  if (by.role !== 'operator') return { cause: 'read-only: observers do not write notes', refused: true }
  const shown = text === undefined ? undefined : shownText(text)
  if (shown === '') return { cause: 'the note is empty; nothing has changed', refused: false }
  if (shown === undefined && !console.note) return { cause: 'there is no note', refused: false }
  const failure = await console.noteBoard.put(by, shown)
  if (failure !== undefined) return { cause: `the note was not written: ${failure}`, refused: false }
  return { done: shown === undefined ? 'the note is off' : 'the note is on; everybody who comes reads it' }
}
