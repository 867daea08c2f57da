/** The colour of an LED that has three: a second channel beside the pattern, which says all of it alone. */
import { type Reach, reachOf, type State } from './states.ts'

/** Which lights, and what people call what they see. */
export interface Colour {
  name: 'green' | 'yellow' | 'blue' | 'red' | 'white'
  /** Red, green, blue. */
  lights: readonly [red: boolean, green: boolean, blue: boolean]
}

export const COLOURS: Readonly<Record<Reach, Colour>> = {
  proved: { name: 'green', lights: [false, true, false] },
  partly: { name: 'yellow', lights: [true, true, false] },
  off: { name: 'blue', lights: [false, false, true] },
  none: { name: 'red', lights: [true, false, false] },
}

/** What is no state: somebody asks which board this is, or presses its button. */
export const WHITE: Colour = { name: 'white', lights: [true, true, true] }

export function colourOf(state: State): Colour {
  return COLOURS[reachOf(state)]
}
