/** One row of the bench: what is done to a world, for how long, and what is demanded. */
import type { Random } from '../../../relay-config/testing/random.ts'
import type { Undo } from '../../disposal.ts'
import type { Inflict } from './inflict/fault.ts'
import type { Demands } from './judge.ts'
import type { Attention } from './observe/listener.ts'
import type { Recorder } from './observe/recorder.ts'
import type { World, WorldOptions } from './world/world.ts'

/** What a row's own steps may use. */
export interface Scene extends Undo {
  world: World
  recorder: Recorder
  /** Full lengths instead of the quick ones. */
  full: boolean
  /** The same choices in every run with that number. */
  random: Random
  /** Milliseconds, so that the signal of the whole run ends it. */
  pause(ms: number): Promise<void>
  /** A sentence for the verdict: the row fails by it. */
  found(what: string): void
  /** A figure of the row's own, for its results. */
  figure(name: string, value: number): void
}

export interface Row {
  /** For `make faults ROW=`. */
  name: string
  /** For people: what happens. */
  title: string
  /** Part of docs/reliability.md that it belongs to. */
  theme: string
  /** Seconds; 0 is a moment. Where the full length is long, `quickS` shows the same in less. */
  lastsS: number
  quickS?: number
  /** Whether less than the full length would show nothing. */
  fullOnly?: boolean
  /** Whether the way around the fault is there at once: healing counts from the beginning. */
  goesAround?: boolean
  world?: WorldOptions
  attention?: Attention
  /** Whether flows from before the fault may go on after it. */
  returns?: boolean
  /** Milliseconds that a greeting may take; 3000 unless the line is slow. */
  probeMs?: number
  /** Whether autossh can be measured beside it. */
  alone?: boolean
  /** Begins while the world is whole, just before the fault. */
  before?(scene: Scene): Promise<void>
  inflict: Inflict
  /** While the fault lasts: the row goes on when this is done and the time is over. */
  meanwhile?(scene: Scene): Promise<void>
  /** When it is healed. */
  after?(scene: Scene): Promise<void>
  demands: Demands
  /** Whether the supervisor may end in it: elsewhere that is a defect, also where it heals. */
  endsSupervisor?: boolean
  /** One of the cheap rows that CI runs. */
  ci?: boolean
}

/** Milliseconds: the limits of the product, each with its reason in docs/reliability.md. */
export const LIMIT = {
  /** Healing after a path that was silent. */
  afterSilence: 25_000,
  /** After an event of the kernel, or a session that was ended. */
  afterEvent: 5_000,
  /** After a relay that refused, for at most ten seconds. */
  afterRefusal: 2_000,
  /** After a relay that was away longer, or silent for a short time. */
  afterLongRefusal: 5_000,
  /** How long a promise may outlast the way: the connection is silent or ended. */
  promiseSilent: 25_000,
  /** The device's own sshd or bridge stopped. */
  promiseOwnFault: 30_000,
} as const
