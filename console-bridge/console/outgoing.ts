/** Sends what was typed to one line, in order and counted for each owner. */
import type { Clock } from '../../runtime/clock.ts'
import { OVER, within } from '../../runtime/waiting.ts'
import { answered } from '../line/break-line.ts'
import type { Line } from '../line/line.ts'
import { type InterruptedQueue, Interruptions } from './interruptions.ts'
import type { Loss } from './loss.ts'
import type { Pacer } from './pacer.ts'
import { countBytes, WaitingInput, type WaitingItem } from './waiting-input.ts'

/** Milliseconds without progress after which a wait for the end of what was typed is given up. */
export const GIVE_UP_MS = 20_000
/** Bytes in one write: few, so that a BREAK waits for at most a quarter of a second at 9600 baud. */
const PIECE_BYTES = 256
/** Milliseconds between two writes to a line without room: first, and at most, for a line that is held. */
const RETRY_MS = { first: 20, last: 250 }

export interface OutgoingEvents {
  onSent(owner: object, bytes: number): void
  /** `bytes` is 0 where only the kernel had some: bytes that were reported as sent may be lost. */
  onLost(owner: object, bytes: number, loss: Loss): void
  /** Something of this owner was sent: there may be room for more. */
  onRoom(owner: object): void
  /** The line took nothing for {@link OutgoingOptions.heldMs}, or takes again. */
  onHeld(held: boolean): void
}

export interface OutgoingOptions {
  clock: Clock
  events: OutgoingEvents
  /** Milliseconds without room that count as held. */
  heldMs(): number
}

export class Outgoing {
  /** What comes between what is typed: a BREAK never waits long for it. */
  readonly interruptions: Interruptions
  readonly #clock: Clock
  readonly #events: OutgoingEvents
  readonly #heldMs: () => number
  #line: Line | undefined
  /** Ends the sending to the line that is open now. */
  #pumping: AbortController | undefined
  readonly #waiting = new WaitingInput()
  /** While the line discards, what is typed waits, so that it is not discarded too. */
  #isDiscarding = false
  #lastOwner: object | undefined
  /** Of what was sent last. */
  #pacer: Pacer | undefined
  #progressAtMs = 0
  #isHeld = false
  /** The line has room, and a paste is paced. */
  #isPausing = false
  readonly #whenChanged = new Set<() => void>()

  constructor({ clock, events, heldMs }: OutgoingOptions) {
    this.#clock = clock
    this.#events = events
    this.#heldMs = heldMs
    this.interruptions = new Interruptions(this.#interrupted(), clock)
  }

  /** Sets the line that is open now. What waited for another line is never sent on this one; it is lost by `loss`. */
  useLine(line: Line | undefined, loss: Loss): void {
    this.#pumping?.abort()
    this.#pumping = undefined
    this.#line = line
    this.#hold(false)
    this.#lose(this.#waiting.remove(), loss)
    this.#pacer = undefined
    this.#tellChanged()
  }

  /** @param pacer says when a paste may be sent; without one, as fast as the line takes it */
  push(owner: object, bytes: Buffer, pacer?: Pacer): void {
    const nowMs = this.#clock.nowMs()
    pacer?.queued(bytes, nowMs)
    const { first } = this.#waiting
    // A person answers the question at which their paste stopped.
    if (!pacer && first?.owner === owner && first.pacer?.isStuck(nowMs)) this.#waiting.pushFirst(owner, bytes)
    else this.#waiting.push(owner, bytes, pacer)
    this.#tellChanged()
    this.#pump()
  }

  /** The target said something: a paste may wait for it. */
  heard(bytes: Buffer): void {
    if (this.#pacer?.heard(bytes, this.#clock.nowMs())) this.#tellChanged()
  }

  waitingBytes(owner: object): number {
    return this.#waiting.bytesOf(owner)
  }

  /** Drops what waits of `owner`. @returns how many bytes that was */
  discard(owner: object, loss: Loss): number {
    const lost = this.#waiting.remove(owner)
    this.#lose(lost, loss)
    this.#tellChanged()
    return countBytes(lost)
  }

  /** Drops the same, and, where something waited, also what the line had taken and not sent. */
  discardWithHeld(owner: object, loss: Loss): number {
    const bytes = this.discard(owner, loss)
    const line = this.#line
    if (bytes === 0 || !line) return bytes
    this.#events.onLost(owner, 0, loss)
    this.#isDiscarding = true
    void answered(line.discard(), this.#clock)
      .catch(() => {})
      .then(() => {
        this.#isDiscarding = false
        this.#pump()
      })
    return bytes
  }

  /**
   * Waits until all of `owner` is on the wire.
   * @returns false when nothing moved for {@link GIVE_UP_MS}; true also when the input was lost, or when aborted
   */
  async sent(owner: object, signal: AbortSignal): Promise<boolean> {
    this.#progressAtMs = Math.max(this.#progressAtMs, this.#clock.nowMs())
    while (this.waitingBytes(owner) > 0 && !signal.aborted) {
      // A pacer has deadlines of its own.
      if (this.#isPausing) this.#progressAtMs = this.#clock.nowMs()
      const leftMs = this.#progressAtMs + GIVE_UP_MS - this.#clock.nowMs()
      if (leftMs <= 0) return false
      await this.#changed(leftMs, signal)
    }
    const line = this.#line
    if (!line || signal.aborted) return true
    const drained = await within(GIVE_UP_MS, [signal], () => line.drain(), { clock: this.#clock }).catch(
      () => undefined,
    )
    return drained?.kind !== 'timeout'
  }

  #interrupted(): InterruptedQueue {
    const line = () => this.#line
    return {
      get line() {
        return line()
      },
      waiting: this.#waiting,
      changed: (ms, signal) => this.#changed(ms, signal),
      tellChanged: () => this.#tellChanged(),
      discarded: (items, loss) => {
        this.#lose(items, loss)
        if (this.#lastOwner) this.#events.onLost(this.#lastOwner, 0, loss)
      },
      goOn: () => this.#pump(),
    }
  }

  #pump(): void {
    if (!this.#line || this.#pumping || this.#isDiscarding) return
    const pumping = new AbortController()
    this.#pumping = pumping
    void this.#send(this.#line, pumping.signal).then(isAlive => {
      if (!isAlive || this.#pumping !== pumping) return
      this.#pumping = undefined
      if (this.#waiting.first) this.#pump()
    })
  }

  /** @returns false when the line is gone: it reports its end itself, and the next line starts its own sending */
  async #send(line: Line, signal: AbortSignal): Promise<boolean> {
    let stuckSinceMs: number | undefined
    let retryMs = RETRY_MS.first
    while (!signal.aborted) {
      const { first } = this.#waiting
      if (!first || this.#isDiscarding) break
      const room = first.pacer?.room(first.bytes, this.#clock.nowMs()) ?? PIECE_BYTES
      if (room === 0) {
        await this.#pause(first, signal)
        continue
      }
      let taken: number
      try {
        taken = line.write(first.bytes.subarray(0, Math.min(room, PIECE_BYTES)))
      } catch {
        return false
      }
      if (taken > 0) {
        stuckSinceMs = undefined
        retryMs = RETRY_MS.first
        this.#took(first, taken)
        continue
      }
      stuckSinceMs ??= this.#clock.nowMs()
      if (this.#clock.nowMs() - stuckSinceMs >= this.#heldMs()) this.#hold(true)
      await this.#clock.sleep(retryMs, signal)
      retryMs = Math.min(RETRY_MS.last, retryMs * 2)
    }
    if (!signal.aborted) this.#hold(false)
    return true
  }

  /** Waits until more of a paste may be sent; drops it when the target does not answer in time. */
  async #pause({ owner, pacer }: WaitingItem, signal: AbortSignal): Promise<void> {
    if (!pacer) return
    const nowMs = this.#clock.nowMs()
    if (pacer.isOverdue(nowMs)) {
      this.discard(owner, { kind: 'unanswered', text: pacer.describeSilence() })
      return
    }
    this.#isPausing = true
    await this.#changed(Math.ceil(pacer.waitMs(nowMs)), signal)
    this.#isPausing = false
  }

  #took({ owner, bytes: sent, pacer }: WaitingItem, bytes: number): void {
    pacer?.sent(sent.subarray(0, bytes), this.#clock.nowMs())
    if (this.#pacer !== pacer) this.#pacer?.interrupted()
    this.#pacer = pacer ?? this.#pacer
    this.#waiting.took(bytes)
    this.#lastOwner = owner
    this.#progressAtMs = this.#clock.nowMs()
    this.#hold(false)
    this.#events.onSent(owner, bytes)
    this.#events.onRoom(owner)
    this.#tellChanged()
  }

  #hold(held: boolean): void {
    if (this.#isHeld === held) return
    this.#isHeld = held
    this.#events.onHeld(held)
  }

  #lose(items: readonly WaitingItem[], loss: Loss): void {
    for (const { pacer, bytes } of items) pacer?.dropped(bytes.length)
    for (const owner of new Set(items.map(({ owner }) => owner))) {
      this.#events.onLost(owner, countBytes(items.filter(item => item.owner === owner)), loss)
    }
  }

  /** Resolves when something was sent or dropped, after `ms`, or when aborted. */
  async #changed(ms: number, signal: AbortSignal): Promise<void> {
    const change = new AbortController()
    const tell = () => change.abort(OVER)
    this.#whenChanged.add(tell)
    await this.#clock.sleep(ms, AbortSignal.any([signal, change.signal]))
    this.#whenChanged.delete(tell)
  }

  #tellChanged(): void {
    for (const tell of [...this.#whenChanged]) tell()
  }
}
