/**
 * Decides who keeps a place at the SSH server when there are too many. All come from 127.0.0.1, so addresses do not
 * help.
 */
import type { ServerLimits } from './limits.ts'

/** One connection, from its TCP connection to its end. */
export interface Place {
  /** When it reached this stage. */
  sinceMs: number
  /**
   * `unnamed` until the client's identification, then `queued` until it has a place, then `waiting` or `selftest`;
   * `asked` once the server said that its key is acceptable; `in` once the key is proved.
   */
  stage: 'unnamed' | 'queued' | 'waiting' | 'selftest' | 'asked' | 'in'
  /** The public key asked about or proved, base64. */
  key: string | undefined
  isLocal: boolean
  /** Since when it has had no session; undefined while it has one, and before the login. */
  idleSinceMs: number | undefined
  /** Ends the connection; it has no place when this returns. */
  close(cause: string): void
}

type Stage = Place['stage']

/** The identification of the supervisor's proof, which verifies the host key and leaves without a login. */
const SELFTEST = /^oobm_selftest_/

export class Admission {
  readonly #limits: ServerLimits
  readonly #nowMs: () => number
  readonly #random: () => number
  readonly #places = new Set<Place>()
  readonly #queue = new Map<Place, (isAdmitted: boolean) => void>()

  /** @param random from 0 to below 1 */
  constructor(limits: ServerLimits, nowMs: () => number, random: () => number) {
    this.#limits = limits
    this.#nowMs = nowMs
    this.#random = random
  }

  count(stage: Stage): number {
    return this.#at(stage).length
  }

  /**
   * A TCP connection arrived. It is always taken, so that it can identify itself. When too many have not, the oldest of
   * them is dropped.
   */
  arrived(close: Place['close']): Place {
    const unnamed = this.#at('unnamed')
    if (unnamed.length >= this.#limits.unnamed) this.#drop(unnamed[0])
    const isLocal = false
    const sinceMs = this.#nowMs()
    const place: Place = { sinceMs, stage: 'unnamed', key: undefined, isLocal, idleSinceMs: undefined, close }
    this.#places.add(place)
    return place
  }

  /**
   * It identified itself. When the places are full, one that has waited for longer than `sparedMs` is dropped at
   * random, as with sshd's MaxStartups: an attacker cannot choose who is dropped, and a login with a key needs a place
   * for a moment only. While all are younger, the new one queues.
   * @param software of its identification (RFC 4253, section 4.2)
   * @param answer called once, now or later: with false when no place became free in time, or too many queue
   */
  named(place: Place, software: string, answer: (isAdmitted: boolean) => void): void {
    const { selftest, queued } = this.#limits
    // Anybody can identify so, and gains nothing but these places.
    if (SELFTEST.test(software) && this.#enter(place, 'selftest', selftest)) {
      answer(true)
      return
    }
    this.#begin(place, 'queued')
    this.#queue.set(place, answer)
    this.serveQueue()
    if (this.#queue.size > queued) this.#answer(this.#anyQueued(), false)
  }

  /** Gives free places to those who queue, at random. Must be called again and again while somebody queues. */
  serveQueue(): void {
    const { waiting, queuedMs } = this.#limits
    for (const place of this.#queue.keys()) {
      if (this.#nowMs() - place.sinceMs > queuedMs) this.#answer(place, false)
    }
    while (this.#queue.size > 0) {
      const place = this.#anyQueued()
      if (!this.#enter(place, 'waiting', waiting)) return
      this.#answer(place, true)
    }
  }

  /**
   * It was told that this key is acceptable. Public keys are not secret, so only a few connections of a key are kept
   * for that.
   */
  asked(place: Place, key: string): void {
    if (place.stage === 'in' || this.#at('asked').filter(other => other.key === key).length >= this.#limits.askedPerKey)
      return
    this.#begin(place, 'asked')
    place.key = key
  }

  /**
   * Its key is proved.
   * @returns false when the key has too many connections: the place stays at its stage until its login times out
   */
  loggedIn(place: Place, key: string, isLocal: boolean): boolean {
    const { connectionsPerKey, localConnections, furtherConnections } = this.#limits
    const own = this.#at('in').filter(other => other.key === key)
    if (own.length >= (isLocal ? localConnections : connectionsPerKey) && !this.#dropIdle(own)) return false
    if (own.length > 0 && !isLocal && this.#further() >= furtherConnections && !this.#dropIdle(own)) return false
    Object.assign(place, { stage: 'in', key, isLocal, idleSinceMs: this.#nowMs() })
    return true
  }

  left(place: Place): void {
    this.#places.delete(place)
    this.#queue.delete(place)
  }

  /** Logged-in connections beside the first one of each key. */
  #further(): number {
    const counted = this.#at('in').filter(({ isLocal }) => !isLocal)
    return counted.length - new Set(counted.map(({ key }) => key)).size
  }

  #anyQueued(): Place {
    const places = [...this.#queue.keys()]
    return places[Math.floor(this.#random() * places.length)] as Place
  }

  #answer(place: Place, isAdmitted: boolean): void {
    const answer = this.#queue.get(place)
    this.#queue.delete(place)
    answer?.(isAdmitted)
  }

  #enter(place: Place, stage: Stage, limit: number): boolean {
    if (this.count(stage) >= limit && !this.#dropOne(stage)) return false
    this.#begin(place, stage)
    return true
  }

  #begin(place: Place, stage: Stage): void {
    place.stage = stage
    place.sinceMs = this.#nowMs()
  }

  #dropOne(stage: Stage): boolean {
    const old = this.#at(stage).filter(({ sinceMs }) => this.#isOld(sinceMs))
    return this.#drop(old[Math.floor(this.#random() * old.length)])
  }

  #drop(place: Place | undefined): boolean {
    if (!place) return false
    this.#places.delete(place)
    const waitedS = Math.round((this.#nowMs() - place.sinceMs) / 1000)
    place.close(`not logged in after ${waitedS} s, and others came`)
    return true
  }

  /** Ends the connection of a key that has been without a session for longest. */
  #dropIdle(own: Place[]): boolean {
    const idleMs = ({ idleSinceMs }: Place) => idleSinceMs ?? Number.POSITIVE_INFINITY
    const place = own.toSorted((a, b) => idleMs(a) - idleMs(b))[0]
    if (!place || !this.#isOld(idleMs(place))) return false
    this.#places.delete(place)
    place.close('without a session, and a newer connection of the same key came')
    return true
  }

  /** The oldest first. */
  #at(stage: Stage): Place[] {
    return [...this.#places].filter(place => place.stage === stage)
  }

  #isOld(sinceMs: number): boolean {
    return this.#nowMs() - sinceMs > this.#limits.sparedMs
  }
}
