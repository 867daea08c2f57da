/** What each command of the escape menu does in a session. */
import { BREAK_SEQUENCES } from '../../formats/exec-commands.ts'
import type { Clock } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { autobaud } from '../console/autobaud.ts'
import { sequenceOf } from '../console/break-sequence.ts'
import type { Console } from '../console/console.ts'
import { describePacing, pacingAfter, pacingOf } from '../console/pacing.ts'
import { describeWho, kick, NO_KICK, type PeopleAnswer, putNote, sendMessage } from '../console/people.ts'
import type { Seat } from '../console/seat.ts'
import { setAsTyped } from '../console/set-line.ts'
import { escapeHelp } from './escape-help.ts'
import type { EscapeKeys } from './escape-keys.ts'
import type { EscapeCommand } from './escape-menu.ts'
import { logBlock } from './log-block.ts'
import type { Past } from './past.ts'
import { powerByMenu } from './power-dialog.ts'
import { type TransferPlaces, transferByMenu } from './transfer-dialog.ts'
import type { Typing } from './typing.ts'

/** Lines of the transcript that the key shows: a screenful. */
const LOG_LINES = 20
/** Alerts that the key shows: some take two lines of a screen. */
const ALERT_LINES = 10

/** A session as a command of its menu sees it. */
export interface AtConsole {
  readonly console: Console
  readonly seat: Seat
  readonly typing: Typing
  /** The transcript, where there is one that this person may read. */
  readonly past: Past | undefined
  /** What the rules of the console found, as lines. */
  readonly alerts: () => readonly string[]
  readonly keys: EscapeKeys
  readonly clock: Clock
  readonly places: TransferPlaces
  /** The end of the session. */
  readonly over: AbortSignal
  /** The end of the program: for what a lost connection must not cut short. */
  readonly stopping: AbortSignal
  /** Shows lines to this technician, as notices of the bridge. */
  tell(...texts: string[]): void
  /** Shows a block of lines as they are, which must be harmless for a terminal. */
  print(lines: readonly string[]): void
  /**
   * Asks for one line, which is not sent to the target; meanwhile its output waits.
   * @param enter what the key Enter does @param lines are shown before the question
   * @returns undefined when it was cancelled
   */
  ask(question: string, enter?: string, lines?: readonly string[]): Promise<string | undefined>
  /** Between the questions of this work, too, nothing that is typed reaches the target. */
  dialog<T>(work: () => Promise<T>): Promise<T>
  /** Ends the session. */
  leave(): void
  /** Begins raw mode. */
  goRaw(): void
}

/**
 * Must not throw; what is to be awaited, it awaits itself.
 * @param choice what it would ask for, or does otherwise, where the keys say so
 */
export type EscapeEffect = (at: AtConsole, choice?: string) => void

export const ESCAPE_EFFECTS: Record<EscapeCommand, EscapeEffect> = {
  help: ({ console, seat, keys, tell }) => tell(...escapeHelp(console, seat, keys)),
  break: ({ console, seat, stopping, tell }) => {
    // When it was sent, the console tells everyone.
    void console.breaks.send(seat, undefined, stopping).then(answer => answer.sent || tell(answer.cause))
  },
  'take-over': ({ console, seat, typing, tell }, choice) => {
    const { keyboard } = console
    const take = () => (choice === 'free' ? keyboard.takeFree(seat) : keyboard.takeOver(seat))
    const answer = console.writer === seat ? 'you are typing already' : take()
    if (answer !== undefined) tell(answer)
    else typing.decidedAnew()
  },
  sequence: at => {
    const names = Object.keys(BREAK_SEQUENCES).join(', ')
    answered(at, `sequence (${names}, or one key for BREAK and SysRq)`, async line => {
      const sequence = sequenceOf(line.trim())
      if (!sequence) return { cause: `unknown sequence, nothing was sent; known are: ${names}, and one key` }
      const answer = await at.console.breaks.send(at.seat, undefined, at.stopping, sequence)
      return answer.sent ? undefined : { cause: answer.cause }
    })
  },
  set: at => {
    const { console, seat, stopping } = at
    const now = console.control.shown
    answered(at, `settings (now ${now}), such as 115200 8N1, dtr off, or default`, async line => {
      const answer = await setAsTyped({ console, by: seat, signal: stopping }, line)
      return answer.set ? undefined : { cause: answer.cause }
    })
  },
  'give-up': ({ console, seat, tell }) => {
    if (console.writer === seat) console.keyboard.giveUp(seat, '')
    else tell('you do not type')
  },
  autobaud: ({ console, seat, clock, over, stopping, tell }) => {
    const how = {
      by: seat,
      types: false,
      isKept: false,
      clock,
      over,
      signal: stopping,
      tell: (text: string) => tell(text),
    }
    void autobaud({ console, ...how }).then(answer => !answer.set && answer.refused && tell(answer.cause))
  },
  release: ({ console, seat, tell }) => {
    void console.line.release(seat).then(answer => answer.released || tell(answer.cause))
  },
  power: at => void powerByMenu(at),
  transfer: ({ console, seat, clock, stopping, places, keys, tell, ask, dialog }) =>
    void transferByMenu({
      ...{ console, seat, clock, stopping, places, stopKeys: keys.press('stop-paste') },
      ...{ tell, ask, dialog },
    }),
  'stop-paste': ({ console, seat, typing, tell }) => {
    // How a transfer ended, the console tells everyone.
    const answer = console.keyboard.transfer ? console.transfers.stop(seat) : typing.stopPaste(seat)
    if (answer !== undefined) tell(answer)
  },
  pacing: ({ console, typing, keys, tell }) => {
    typing.pacing = pacingAfter(typing.pacing, pacingOf(console.config))
    tell(`what you paste is paced: ${describePacing(typing.pacing)}; ${keys.press('pacing')} for another`)
  },
  log: ({ console, past, tell, print }, choice) => {
    if (!past) return tell(`${console.name} has no transcript that you may read`)
    void past.log(choice === undefined ? LOG_LINES : Number(choice)).then(
      lines => print(logBlock(lines, console.name)),
      err => tell(`the transcript cannot be read: ${errorMessage(err)}`),
    )
  },
  alerts: ({ console, alerts, tell }) => {
    const lines = alerts()
    if (lines.length > ALERT_LINES) tell(`the last ${ALERT_LINES} of ${lines.length}; all: ssh ${console.name} alerts`)
    tell(...lines.slice(-ALERT_LINES))
  },
  raw: ({ goRaw }) => goRaw(),
  who: ({ console, seat, tell }) => tell(...describeWho(console, seat)),
  message: at => answered(at, 'message to the others', line => sendMessage(at.console, at.seat, line)),
  note: at => {
    const { note } = at.console
    const question = note ? 'new note, or - to take it off' : 'note for all who come'
    answered(at, question, line => putNote(at.console, at.seat, line.trim() === '-' ? undefined : line))
  },
  kick: at => {
    if (!at.seat.isAdmin) return at.tell(NO_KICK)
    const others = at.console.seats.filter(seat => seat !== at.seat)
    if (others.length === 0) return at.tell('nobody else is here')
    const names = [...new Set(others.map(({ technician }) => technician))].join(', ')
    answered(at, `end whose session (${names})`, line => kick(at.console, at.seat, line))
  },
  disconnect: ({ leave }) => leave(),
}

/** `undefined` for what everyone at the console is told anyway. */
type MenuAnswer = PeopleAnswer | { cause: string }

/** Asks, does it, and tells how it went. */
function answered(
  { ask, tell }: AtConsole,
  question: string,
  effect: (line: string) => MenuAnswer | Promise<MenuAnswer | undefined>,
): void {
  void ask(question)
    .then(async line => (line === undefined ? undefined : await effect(line)))
    .then(answer => answer && tell('done' in answer ? answer.done : answer.cause))
}
