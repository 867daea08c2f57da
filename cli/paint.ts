/** Colours where a person reads; the text as it is where a program does. */
import colours from 'yoctocolors'

export interface Paint {
  good(text: string): string
  /** It works, and something is missing. */
  poor(text: string): string
  bad(text: string): string
  faint(text: string): string
  strong(text: string): string
}

export const PLAIN: Paint = { good: String, poor: String, bad: String, faint: String, strong: String }

const COLOURS: Paint = {
  ...{ good: colours.green, poor: colours.yellow, bad: colours.red },
  ...{ faint: colours.dim, strong: colours.bold },
}

export function paintFor(stream: NodeJS.WriteStream): Paint {
  return stream.isTTY && stream.hasColors() ? COLOURS : PLAIN
}
