/** The pins of an LED, and which of them are lit for a state; pure. */
import type { LedConfig } from '../../formats/device-config.ts'
import { colourOf, WHITE } from '../../formats/led-colours.ts'
import { STATES, type State } from '../../formats/states.ts'
import type { Shown } from './pattern.ts'

export interface LedPins {
  /** BCM numbers: one, or red, green and blue. */
  pins: readonly number[]
  /** Whether a pin is low while its light is lit. */
  activeLow: boolean
}

export function pinsOf({ pin, rgb, activeLow }: Pick<LedConfig, 'pin' | 'rgb' | 'activeLow'>): LedPins {
  return { pins: rgb ?? [pin], activeLow }
}

/** Which of `count` pins are lit while the LED is. */
export function lightsOf(state: Shown, count: number): readonly boolean[] {
  if (count === 1) return [true]
  return (isState(state) ? colourOf(state) : WHITE).lights
}

function isState(shown: Shown): shown is State {
  return shown in STATES
}
