/** From the edges of a button to what its presses mean; pure. */
import { CONFIRM_MS, type Deed, PRESSES, type Press, STUCK_MS } from '../../formats/button.ts'

export interface Edge {
  isDown: boolean
  /** Milliseconds, as the kernel stamped it: how long a press was does not depend on how busy the board is. */
  atMs: number
}

export type Button =
  | { is: 'up' }
  | { is: 'down'; sinceMs: number }
  /** Released, and waits for the press that confirms it. */
  | { is: 'armed'; sinceMs: number; deed: Deed }
  /** Down, and what comes of it has been decided. */
  | { is: 'spent' }

export const FIRST: Button = { is: 'up' }

/** @returns what the button is now, and what is to be done */
export function after(button: Button, { isDown, atMs }: Edge): { button: Button; deed?: Deed | 'stuck' } {
  if (isDown) {
    const isConfirmed = button.is === 'armed' && atMs - button.sinceMs <= CONFIRM_MS
    if (isConfirmed) return { button: { is: 'spent' }, deed: button.deed }
    return { button: { is: 'down', sinceMs: atMs } }
  }
  // The first edge may be the end of a press that nobody saw begin.
  if (button.is !== 'down') return { button: button.is === 'armed' ? button : { is: 'up' } }
  const heldMs = atMs - button.sinceMs
  if (heldMs >= STUCK_MS) return { button: { is: 'up' }, deed: 'stuck' }
  const { deed, isConfirmed } = pressOf(heldMs)
  return isConfirmed ? { button: { is: 'armed', sinceMs: atMs, deed } } : { button: { is: 'up' }, deed }
}

/** What the LED shows of it; undefined for the state. @param changesInMs when to look again; undefined for never */
export function shownOf(
  button: Button,
  nowMs: number,
): { shown: 'pressed' | 'armed' | undefined; changesInMs: number | undefined } {
  if (button.is === 'up' || button.is === 'spent') return { shown: undefined, changesInMs: undefined }
  const pastMs = nowMs - button.sinceMs
  if (button.is === 'armed')
    return pastMs < CONFIRM_MS
      ? { shown: 'armed', changesInMs: CONFIRM_MS - pastMs }
      : { shown: undefined, changesInMs: undefined }
  if (pastMs >= STUCK_MS) return { shown: undefined, changesInMs: undefined }
  const next = PRESSES.find(({ fromMs }) => fromMs > pastMs)?.fromMs ?? STUCK_MS
  const { fromMs, isConfirmed } = pressOf(pastMs)
  const shown = isConfirmed ? 'armed' : fromMs > 0 ? 'pressed' : undefined
  return { shown, changesInMs: next - pastMs }
}

function pressOf(heldMs: number): Press {
  const press = PRESSES.findLast(({ fromMs }) => fromMs <= heldMs) ?? PRESSES[0]
  if (press === undefined) throw new Error('the table of presses is empty')
  return press
}
