/** Who gets in at one listener when very many connect. All come from the relay's loopback, so addresses do not help. */
import type { Clock } from '../../runtime/clock.ts'
import { OVER, settled } from '../../runtime/waiting.ts'

/** Visitors whose client has sent no more than an identification. SSH clients begin the key exchange at once. */
const SILENT = 64
/** Milliseconds for which a visitor keeps its place while others wait. */
const SPARED_MS = 2_000
/** Bytes of the longest identification (RFC 4253, section 4.2). */
const IDENTIFICATION_BYTES = 255
/** Bytes that a client has not sent before it is logged in: OpenSSH sends 4,500 until its shell runs, PuTTY 2,800. */
const LOGIN_BYTES = 2_000

export interface Visitor {
  /** Aborted when it has to make room. */
  readonly displaced: AbortSignal
  /**
   * Its client sent something; call it until it no longer returns `undecided`.
   * @returns `refused` when there are too many people, who may all be logged in
   */
  sends(bytes: number): 'undecided' | 'in' | 'refused'
  /** It has left, or does not count as a visitor. */
  leave(): void
}

interface Entry {
  sinceMs: number
  bytes: number
  displaced: AbortController
}

export class Entrance {
  readonly #people: number
  readonly #clock: Clock
  readonly #closed: AbortSignal
  /** The oldest first. */
  readonly #entries = new Set<Entry>()
  readonly #queue = new Set<(entry: Entry) => void>()
  #waits = false

  /**
   * @param people visitors who have sent more than an identification
   * @param closed the end of the listener
   */
  constructor(people: number, clock: Clock, closed: AbortSignal) {
    this.#people = people
    this.#clock = clock
    this.#closed = closed
  }

  /**
   * Waits for a place, in the order of arrival. Each place can be taken {@link SPARED_MS} after it was given, so the wait ends.
   * @returns undefined at the end of the listener
   */
  async enter(): Promise<Visitor | undefined> {
    const entry = await settled<Entry | undefined>(this.#closed, undefined, settle => {
      this.#queue.add(settle)
      this.#serveQueue()
    })
    return entry && this.#visitor(entry)
  }

  #visitor(entry: Entry): Visitor {
    return {
      displaced: entry.displaced.signal,
      sends: bytes => this.#sent(entry, bytes),
      leave: () => this.#remove(entry),
    }
  }

  #sent(entry: Entry, bytes: number): ReturnType<Visitor['sends']> {
    // Data that was on the way when it was displaced takes no place.
    if (entry.displaced.signal.aborted) return 'in'
    const wasSilent = isSilent(entry)
    if (wasSilent && entry.bytes + bytes > IDENTIFICATION_BYTES && !this.#hasRoom()) return 'refused'
    entry.bytes += bytes
    if (wasSilent && !isSilent(entry)) this.#serveQueue()
    return entry.bytes > LOGIN_BYTES ? 'in' : 'undecided'
  }

  #hasRoom(): boolean {
    const people = [...this.#entries].filter(entry => !isSilent(entry))
    if (people.length < this.#people) return true
    const oldest = people.find(({ bytes, sinceMs }) => bytes <= LOGIN_BYTES && this.#isOld(sinceMs))
    if (oldest) this.#displace(oldest)
    return oldest !== undefined
  }

  #serveQueue(): void {
    for (const go of this.#queue) {
      const silent = [...this.#entries].filter(isSilent)
      const [oldest] = silent
      if (oldest && silent.length >= SILENT) {
        if (!this.#isOld(oldest.sinceMs)) {
          this.#serveLater(oldest.sinceMs + SPARED_MS)
          return
        }
        this.#displace(oldest)
      }
      this.#queue.delete(go)
      const entry = { sinceMs: this.#clock.nowMs(), bytes: 0, displaced: new AbortController() }
      this.#entries.add(entry)
      go(entry)
    }
  }

  #serveLater(atMs: number): void {
    if (this.#waits) return
    this.#waits = true
    void this.#clock.sleep(Math.max(0, atMs - this.#clock.nowMs()), this.#closed).then(() => {
      this.#waits = false
      if (!this.#closed.aborted) this.#serveQueue()
    })
  }

  #displace(entry: Entry): void {
    this.#entries.delete(entry)
    entry.displaced.abort(OVER)
  }

  #remove(entry: Entry): void {
    if (this.#entries.delete(entry)) this.#serveQueue()
  }

  #isOld(sinceMs: number): boolean {
    return this.#clock.nowMs() - sinceMs >= SPARED_MS
  }
}

function isSilent({ bytes }: Entry): boolean {
  return bytes <= IDENTIFICATION_BYTES
}
