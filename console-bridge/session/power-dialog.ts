/** Switches the power of the target in the middle of a session: shows how it is, asks what, and then for the name. */
import type { Clock } from '../../runtime/clock.ts'
import type { Console } from '../console/console.ts'
import type { Seat } from '../console/seat.ts'
import { describeOutlets } from '../console/target-power.ts'
import { cycleAndBreak, powerQuestion } from './cycle-and-break.ts'

export interface PowerDialog {
  console: Console
  seat: Seat
  clock: Clock
  /** The end of the session. */
  over: AbortSignal
  /** The end of the program. */
  stopping: AbortSignal
  tell(...texts: string[]): void
  ask(question: string, enter?: string, lines?: readonly string[]): Promise<string | undefined>
  /** Between the questions of this work, too, nothing that is typed reaches the target. */
  dialog<T>(work: () => Promise<T>): Promise<T>
}

const CHOICES = ['on', 'off', 'cycle', 'break'] as const
type Choice = (typeof CHOICES)[number]

export async function powerByMenu(at: PowerDialog): Promise<void> {
  const { console, seat, clock, over, stopping, tell } = at
  const refusal =
    seat.via === 'relay'
      ? 'power needs your own key: it is not available with a login at the relay'
      : console.power.whyNot(seat)?.cause
  if (refusal !== undefined) return tell(refusal)
  const choice = await at.dialog(() => whatIsWanted(at))
  if (choice === undefined) return
  if (choice === 'break') {
    const { power } = await cycleAndBreak({ console, by: seat, clock, over, stopping, onStep: () => {} })
    if (!power.done && !power.isTold) tell(power.cause)
    return
  }
  // Steps and a failure are told to everybody at the console.
  const answer = await console.power.switch(seat, choice, () => {}, stopping)
  if (answer.done) tell(`power ${choice}: done`)
  else if (!answer.isTold) tell(answer.cause)
}

async function whatIsWanted({ console, tell, ask, over }: PowerDialog): Promise<Choice | undefined> {
  tell('asking the outlets')
  const status = await console.power.status(over)
  const lines = [
    ...describeOutlets(status.outlets),
    ...console.power.alsoFeeds,
    ...(status.done ? [] : [status.cause]),
    'on, off, cycle, or break: cycle, then BREAK until a prompt comes',
  ]
  const choice = (await ask('power: on, off, cycle or break', 'go on', lines))?.trim().toLowerCase()
  if (choice === undefined || choice === '') return undefined
  if (!isChoice(choice)) return void tell(`"${choice}" is none of ${CHOICES.join(', ')}; nothing was switched`)
  if (choice === 'on') return choice
  const name = await ask(
    powerQuestion(console, choice === 'off' ? 'off' : 'cycle', choice === 'break').replace(/: $/, ''),
  )
  if (name?.trim() === console.name) return choice
  return void tell(`nothing was switched: ${name === undefined ? 'not confirmed' : `this is not ${console.name}`}`)
}

function isChoice(text: string): text is Choice {
  return CHOICES.some(choice => choice === text)
}
