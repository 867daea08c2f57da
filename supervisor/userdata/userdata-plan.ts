/**
 * Which relays userdata makes of those of the configuration: what it names is on trial until a login came back through it, and what was
 * proved last stays until then. Derived from looks, proofs and time; no effects.
 */
import { type Destination, digestOf, type Read } from './read-userdata.ts'

/** Milliseconds for which a trial waits until nobody is in, or access is on. */
const WAIT_MS = 86_400_000
/** Milliseconds after which what was given up is tried again, as whoever mends a relay does not change the userdata. */
const AGAIN_MS = 21_600_000

/** What a turn is made with. */
export interface Situation {
  nowMs: number
  /** Why the relays cannot change now without harm; undefined where they can. */
  busy: string | undefined
  /** Access is switched off: nothing can be proved. */
  isOff: boolean
  /** A signed document has other relays on trial: they must prove themselves without these. */
  isHeld: boolean
  /** A login came back through a relay of {@link UserdataPlan.inUse}; where that names none, through one of the configuration. */
  isProved: boolean
  /** Why there is no proof, for people. */
  cause: string
}

/** What became of what userdata names; `refused`: it was not even tried. */
export interface Outcome {
  result: 'refused' | 'trial' | 'confirmed' | 'undone'
  destinations: readonly Destination[]
  cause: string
}

interface Trial {
  phase: 'waiting' | 'trial'
  destinations: readonly Destination[]
  /** When the phase began. */
  sinceMs: number
  /** Of it, the milliseconds in which a proof was possible. */
  accessMs: number
  lastMs: number
  cause: string
}

export interface Undone {
  atMs: number
  cause: string
  destinations: readonly Destination[]
}

export class UserdataPlan {
  readonly #trialMs: number
  #kept: readonly Destination[]
  #inUse: readonly Destination[]
  #trial: Trial | undefined
  #undone: Undone | undefined
  #fault = ''

  /**
   * @param kept what was proved last, before this start
   * @param isHeld as in {@link Situation}, at the start
   */
  constructor(kept: readonly Destination[], { trialMs, isHeld }: { trialMs: number; isHeld: boolean }) {
    this.#kept = kept
    this.#trialMs = trialMs
    this.#inUse = isHeld ? [] : kept
  }

  /** The destinations that are used now. */
  get inUse(): readonly Destination[] {
    return this.#inUse
  }

  /** What was proved last. */
  get kept(): readonly Destination[] {
    return this.#kept
  }

  get trial(): Readonly<Trial> | undefined {
    return this.#trial
  }

  get undone(): Undone | undefined {
    return this.#undone
  }

  /** What is wrong with what the last look found; empty where nothing is. */
  get fault(): string {
    return this.#fault
  }

  /** Takes in what a look found. Nothing that cannot be read, and no address that does not answer, takes a relay away. */
  looked(read: Read, nowMs: number): Outcome | undefined {
    if (!read.ok) {
      const isNew = read.cause !== this.#fault
      this.#fault = read.cause
      return isNew ? { result: 'refused', destinations: [], cause: read.cause } : undefined
    }
    this.#fault = ''
    const { destinations } = read
    const digest = digestOf(destinations)
    if (this.#trial !== undefined && digestOf(this.#trial.destinations) === digest) return undefined
    const undone = this.#undone
    if (digest === digestOf(this.#kept)) {
      // Taken back before it was decided.
      const trial = this.#trial
      this.#trial = undefined
      if (trial === undefined) return undefined
      return this.#giveUp(trial, 'the userdata was changed back before it was decided', nowMs)
    }
    if (undone && digestOf(undone.destinations) === digest && nowMs - undone.atMs < AGAIN_MS) return undefined
    this.#trial = { phase: 'waiting', destinations, sinceMs: nowMs, accessMs: 0, lastMs: nowMs, cause: '' }
    return undefined
  }

  /** @returns what was decided, or begun */
  turn(situation: Situation): Outcome | undefined {
    const { nowMs, busy, isOff, isHeld } = situation
    const trial = this.#trial
    if (trial?.phase === 'waiting') return this.#mayBegin(trial, situation)
    if (trial !== undefined && !isHeld) {
      if (!isOff) trial.accessMs += nowMs - trial.lastMs
      trial.lastMs = nowMs
      trial.cause = isOff
        ? 'access is switched off, so that nothing can be proved'
        : 'a login that comes back through it'
      if (situation.isProved) return this.#confirm(trial)
      const isOver = trial.accessMs >= this.#trialMs
      // Who came in by another relay meanwhile is not cut off for this.
      if ((isOver && busy === undefined) || nowMs - trial.sinceMs >= WAIT_MS) {
        const within = `${Math.round(this.#trialMs / 60_000)} min`
        return this.#undo(trial, `no login came back through it within ${within}: ${situation.cause}`, nowMs)
      }
    }
    this.#settle(situation)
    return undefined
  }

  #mayBegin(trial: Trial, { nowMs, busy, isHeld }: Situation): Outcome | undefined {
    const cause = isHeld ? 'settings from afar are on trial' : busy
    if (cause === undefined) {
      this.#trial = { ...trial, phase: 'trial', sinceMs: nowMs, lastMs: nowMs, cause: '' }
      this.#inUse = trial.destinations
      return { result: 'trial', destinations: trial.destinations, cause: '' }
    }
    trial.cause = `${cause}: it begins when this ends`
    if (nowMs - trial.sinceMs < WAIT_MS) return undefined
    return this.#undo(trial, `it could not begin for 24 hours: ${cause}`, nowMs)
  }

  #confirm({ destinations }: Trial): Outcome {
    this.#trial = undefined
    this.#undone = undefined
    this.#kept = destinations
    return { result: 'confirmed', destinations, cause: '' }
  }

  #undo(trial: Trial, cause: string, nowMs: number): Outcome {
    this.#trial = undefined
    if (trial.phase === 'trial') this.#inUse = this.#kept
    return this.#giveUp(trial, cause, nowMs)
  }

  #giveUp({ destinations }: Trial, cause: string, atMs: number): Outcome {
    this.#undone = { atMs, cause, destinations }
    return { result: 'undone', destinations, cause }
  }

  /** Outside a trial, what was proved last is used, as soon as that cuts nobody off. */
  #settle({ busy, isHeld }: Situation): void {
    const wanted = isHeld ? [] : this.#trial === undefined ? this.#kept : this.#trial.destinations
    if (wanted !== this.#inUse && busy === undefined) this.#inUse = wanted
  }
}
