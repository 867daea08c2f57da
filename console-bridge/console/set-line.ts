/** Changes the settings of a console's line, and tells everyone there. */
import { describeChanges, type LineChanges, readChanges } from '../line/changes.ts'
import type { Console } from './console.ts'
import { describeWanted, type Plan } from './line-control.ts'
import type { Loss } from './loss.ts'
import { calledAs, type Person } from './person.ts'
import { refusalOf } from './right.ts'
import type { Seat } from './seat.ts'

/** `text`: what the line has now. `refused`: this person may not; otherwise the line could not. */
export type SetAnswer = { set: true; text: string } | { set: false; refused: boolean; cause: string }

export interface SetOptions {
  console: Console
  by: Person | Seat
  /** The end of the program. */
  signal: AbortSignal
}

/** @param isKept over a restart of the bridge, too; otherwise until the last session leaves */
export function setLine(options: SetOptions, changes: LineChanges, isKept: boolean): Promise<SetAnswer> {
  const { console, by } = options
  const until = isKept ? 'kept over restarts' : 'until the last session leaves'
  const plan = console.control.plan(calledAs(by), changes, isKept)
  return change(options, plan, describeChanges(changes, console.control.settings), `, ${until}`)
}

/** As typed after a question: `115200 8N1`, `dtr off`, `default`. */
export async function setAsTyped(options: SetOptions, typed: string): Promise<SetAnswer> {
  const words = typed.trim().split(/\s+/)
  if (words[0]?.toLowerCase() === 'default') return setDefault(options)
  const changes = readChanges(words)
  if (typeof changes !== 'string') return setLine(options, changes, false)
  return { set: false, refused: false, cause: `the line was not set: ${changes}` }
}

/** Back to what the configuration says. */
export function setDefault(options: SetOptions): Promise<SetAnswer> {
  const plan = options.console.control.planDefault()
  return change(options, plan, describeWanted(plan.wanted), ', as configured')
}

/** What was not kept ends with the last session. */
export async function lastLeft(console: Console, signal: AbortSignal): Promise<void> {
  if (!console.control.isTemporary || console.keyboard.transferring !== undefined) return
  const plan = console.control.planLastLeft()
  const loss: Loss = { kind: 'settings', text: 'the settings of the line went back' }
  const outcome = await console.line.interrupt(loss, signal, async line => {
    // Somebody came back while it waited.
    if (console.seats.length === 0) await console.control.apply(line, plan)
  })
  if (console.seats.length > 0) return
  // A line that is closed now is opened with them.
  console.control.made(plan)
  console.line.settingsChanged(describeWanted(plan.wanted), undefined)
  if (!outcome.done && console.state.open) console.tellAll(`the settings of the line did not go back: ${outcome.cause}`)
}

async function change({ console, by, signal }: SetOptions, plan: Plan, what: string, note: string): Promise<SetAnswer> {
  const refusal = refusalOf(by)
  if (refusal !== undefined) return { set: false, refused: true, cause: refusal }
  if (console.keyboard.transferring !== undefined)
    return { set: false, refused: false, cause: `the line was not set: ${console.keyboard.transferring}` }
  const loss: Loss = { kind: 'settings', text: `${calledAs(by)} set the line to ${what}` }
  const outcome = await console.line.interrupt(loss, signal, line => console.control.apply(line, plan))
  if (!outcome.done) {
    const hasSettings = console.control.withoutSettings === undefined
    const stays = console.state.open && hasSettings ? `; it stays at ${console.control.shown}` : ''
    return { set: false, refused: false, cause: `the line was not set: ${outcome.cause}${stays}` }
  }
  console.control.made(plan)
  const lost = outcome.drained ? '' : '; what the target had not taken was discarded'
  console.tellAll(`${calledAs(by)} set the line to ${what}${note}${lost}`)
  console.line.settingsChanged(describeWanted(plan.wanted), by)
  return { set: true, text: `${console.name}: ${describeWanted(plan.wanted)}${note}${lost}` }
}
