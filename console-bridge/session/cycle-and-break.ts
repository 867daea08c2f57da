/** A cycle of the power, and BREAK after BREAK from the moment when the target has power again: as one action. */
import type { Clock } from '../../runtime/clock.ts'
import type { Console } from '../console/console.ts'
import type { Person } from '../console/person.ts'
import { refusalOf } from '../console/right.ts'
import type { Seat } from '../console/seat.ts'
import type { PowerAnswer, SwitchAction } from '../console/target-power.ts'
import { type BootOutcome, breakIntoBoot } from './break-into-boot.ts'

export interface CycleAndBreak {
  console: Console
  by: Person | Seat
  clock: Clock
  /** A key, or the end of who asked: it ends the BREAKs, not the cycle. */
  over: AbortSignal
  stopping: AbortSignal
  onStep(text: string): void
  /** The target has power again, and BREAKs begin. */
  onPowered?(): void
}

/** What somebody is asked before the target loses its power. */
export function powerQuestion(console: Console, action: SwitchAction, withBreak = false): string {
  const { outlets, alsoFeeds } = console.power
  const what = { on: 'gets power', off: 'loses its power', cycle: 'loses its power for a moment' }[action]
  const more = alsoFeeds.length === 0 ? '' : `; ${alsoFeeds.join('; ')}`
  return `${console.name} ${what} (${outlets.join(', ')}${more})${withBreak ? ', and gets BREAKs while it boots' : ''}. Type its name, ${console.name}, to go on: `
}

export async function cycleAndBreak(options: CycleAndBreak): Promise<{ power: PowerAnswer; boot?: BootOutcome }> {
  const { console, by, stopping, onStep } = options
  const refusal = refusalOf(by)
  if (refusal !== undefined)
    return { power: { done: false, refused: true, busy: false, isTold: false, cause: refusal, outlets: [] } }
  let boot: Promise<BootOutcome> | undefined
  const power = await console.power.switch(
    by,
    'cycle',
    (text, isPowered) => {
      onStep(text)
      if (!isPowered || boot) return
      options.onPowered?.()
      boot = breakIntoBoot(options)
    },
    stopping,
  )
  return { power, ...(boot && { boot: await boot }) }
}
