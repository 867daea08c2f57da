/** `[button]`, and what its presses do: the only table of both. */
import * as z from 'zod'
import { pinSchema } from './pins.ts'

export const buttonSchema = z.strictObject({
  pin: pinSchema.meta({
    description: 'BCM number of the pin of the button',
    details: 'Between this pin and ground; the board pulls the pin up itself (docs/button.md).',
    example: 22,
  }),
  activeLow: z.boolean('must be true or false').default(true).meta({
    description: 'whether the pin is low while the button is pressed',
    details: '`false` is for a button between the pin and 3.3 V, never 5 V; the board then pulls the pin down.',
  }),
})
export type ButtonConfig = z.output<typeof buttonSchema>

/** What a press can bring about. */
export type Deed = 'test' | 'hotspot' | 'last-good'

export interface Press {
  deed: Deed
  /** Milliseconds from which on it counts as this one, and not as the one before. */
  fromMs: number
  /** Whether it must be pressed once more, after it was released. */
  isConfirmed: boolean
  /** How people do it. */
  how: string
  does: string
}

/** By how long it is held, shortest first. None switches the board off: nobody could switch it on again from afar. */
export const PRESSES: readonly Press[] = [
  {
    deed: 'test',
    fromMs: 0,
    isConfirmed: false,
    how: 'press it shortly',
    does: 'tests the way in now, and speaks the state where the device has a voice',
  },
  {
    deed: 'hotspot',
    fromMs: 3_000,
    isConfirmed: false,
    how: 'hold it until the LED blinks twice a second (3 s), and release it',
    does: 'switches the hotspot on, where the settings have one (docs/hotspot.md)',
  },
  {
    deed: 'last-good',
    fromMs: 10_000,
    isConfirmed: true,
    how: 'hold it until the LED is lit with two short gaps a second (10 s), release it, and press it once more within 10 s',
    does: 'goes back to the last configuration that was proved; the same again goes forward to the present one',
  },
]

/** Milliseconds within which a press that needs it must be confirmed. */
export const CONFIRM_MS = 10_000
/** Milliseconds after which a button that is still down is taken for stuck: nothing happens when it is released. */
export const STUCK_MS = 60_000
/** Milliseconds for which the pin must be still: contacts bounce. */
export const DEBOUNCE_MS = 30
/** Milliseconds between two deeds; presses in between do nothing. */
export const PRESS_PACE_MS = 5_000
