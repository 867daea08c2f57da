/** What a status state is shown on: the port that the player drives, and that each kind of LED implements. */
import type { Shown } from './pattern.ts'

/** One write to a file below /sys; or a chip below /dev, and in the value what its lines are to be: `17=0,27=0`. */
export interface SysWrite {
  path: string
  value: string
}

export interface LedBackend {
  /** For the log and for people: `GPIO17 (line 529 of pinctrl-bcm2835)`. */
  readonly description: string
  /** False where only the state counts, not the flashes: it is then drawn once a state. */
  readonly flashes: boolean
  /** The writes that switch it off and restore it after a crash, in this order. */
  readonly off: readonly SysWrite[]
  /** @throws a system error; the player logs it and goes on */
  draw(state: Shown, lit: boolean): void | Promise<void>
  /** Switches it off, and restores everything as it was. */
  close(): void | Promise<void>
}

/** A backend that this machine has, not yet taken. */
export interface Usable {
  description: string
  open(): LedBackend | Promise<LedBackend>
}

/** One that it has, or why it has none, or none for this user. */
export type Candidate = Usable | { problem: string; denied: boolean }
