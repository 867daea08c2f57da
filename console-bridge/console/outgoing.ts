/** What waits to go out on one line: in order, counted for each owner, and never in a BREAK's way for long. */
import type { Clock } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { OVER, within } from '../../runtime/waiting.ts'
import { answered, breakLine } from '../line/break-line.ts'
import type { Line } from '../line/line.ts'
import type { Loss } from './loss.ts'
import { countBytes, WaitingInput, type WaitingItem } from './waiting-input.ts'

/** Milliseconds that what was typed before a BREAK has to get out; a second is 960 bytes at 9600 baud. */
export const DRAIN_BOUND_MS = 1_000
/** Milliseconds without progress after which whoever waits for the end of what was typed gives up. */
export const GIVE_UP_MS = 20_000
/** Bytes in one write: small, so that a BREAK waits for a quarter of a second at the most at 9600 baud. */
const PIECE_BYTES = 256
/** Milliseconds between two tries at a line that has no room: the second one is for a line that is held. */
const RETRY_MS = { first: 20, last: 250 }

export type BreakOutcome =
  /** `drained`: all that was typed before it is on the wire. If not, these bytes, and what the kernel held, are gone. */
  { sent: true; drained: boolean; discardedBytes: number } | { sent: false; cause: string }

export interface OutgoingEvents {
  onSent(owner: object, bytes: number): void
  /** `bytes` may be 0 where only the kernel had some: those that were handed over may be lost, too. */
  onLost(owner: object, bytes: number, loss: Loss): void
  /** Something of this owner went out: there may be room for more. */
  onRoom(owner: object): void
  /** The line took nothing for {@link OutgoingOptions.heldMs}, or goes on. */
  onHeld(held: boolean): void
}

export interface OutgoingOptions {
  clock: Clock
  events: OutgoingEvents
  /** Milliseconds without room that count as held. */
  heldMs: number
}

export class Outgoing {
  readonly #clock: Clock
  readonly #events: OutgoingEvents
  readonly #heldMs: number
  #line: Line | undefined
  /** Ends the pump of the line that is open now. */
  #pumping: AbortController | undefined
  readonly #waiting = new WaitingInput()
  /** What is typed meanwhile waits, so that it is not discarded. */
  #isDiscarding = false
  #lastOwner: object | undefined
  #progressAtMs = 0
  #isHeld = false
  #lastBreak: Promise<unknown> = Promise.resolve()
  readonly #whenChanged = new Set<() => void>()

  constructor({ clock, events, heldMs }: OutgoingOptions) {
    this.#clock = clock
    this.#events = events
    this.#heldMs = heldMs
  }

  /** The line that is open now. What waited for another is never sent on this one, and lost by `loss`. */
  useLine(line: Line | undefined, loss: Loss): void {
    this.#pumping?.abort()
    this.#pumping = undefined
    this.#line = line
    this.#hold(false)
    this.#lose(this.#waiting.remove(), loss)
    this.#tellChanged()
  }

  push(owner: object, bytes: Buffer): void {
    this.#waiting.push(owner, bytes)
    this.#pump()
  }

  waitingBytes(owner: object): number {
    return this.#waiting.bytesOf(owner)
  }

  /** Drops what waits of `owner`, and says how many bytes that was. */
  discard(owner: object, loss: Loss): number {
    const lost = this.#waiting.remove(owner)
    this.#lose(lost, loss)
    this.#tellChanged()
    return countBytes(lost)
  }

  /** The same, and with it what the line has taken already and not sent, where something waited behind that. */
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
   * @returns false when it is not, and nothing moved for {@link GIVE_UP_MS}; true also when it was lost, or when aborted
   */
  async sent(owner: object, signal: AbortSignal): Promise<boolean> {
    this.#progressAtMs = Math.max(this.#progressAtMs, this.#clock.nowMs())
    while (this.waitingBytes(owner) > 0 && !signal.aborted) {
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

  /**
   * Sends a BREAK: one after the other when several ask. What was typed before it goes first, as far as it gets within
   * {@link DRAIN_BOUND_MS}; the rest is discarded, because what a BREAK leads into must not read the tail of a paste.
   * @param signal ends the BREAK early; it is taken back in any case
   * @param loss what is discarded for it is lost by this
   */
  sendBreak(lengthMs: number, signal: AbortSignal, loss: Loss): Promise<BreakOutcome> {
    const outcome = this.#lastBreak.then(() => this.#breakNow(lengthMs, signal, loss))
    this.#lastBreak = outcome
    return outcome
  }

  async #breakNow(lengthMs: number, signal: AbortSignal, loss: Loss): Promise<BreakOutcome> {
    const line = this.#line
    if (!line || signal.aborted) return { sent: false, cause: 'the line is closed' }
    this.#waiting.beginBreak()
    try {
      const drained = await this.#drain(line, signal)
      const discarded = this.#waiting.removeAhead()
      if (!drained) {
        await answered(line.discard(), this.#clock)
        this.#lose(discarded, loss)
        if (this.#lastOwner) this.#events.onLost(this.#lastOwner, 0, loss)
      }
      await breakLine(line, lengthMs, this.#clock, signal)
      return { sent: true, drained, discardedBytes: countBytes(discarded) }
    } catch (err) {
      return { sent: false, cause: errorMessage(err) }
    } finally {
      this.#waiting.endBreak()
      this.#pump()
    }
  }

  /** @returns whether all that was typed before is on the wire */
  async #drain(line: Line, signal: AbortSignal): Promise<boolean> {
    const drain = async (over: AbortSignal) => {
      while (this.#waiting.first && !over.aborted) await this.#changed(DRAIN_BOUND_MS, over)
      if (!over.aborted) await line.drain()
    }
    // A line that fails here fails at the BREAK too, which tells.
    const outcome = await within(DRAIN_BOUND_MS, [signal], drain, { clock: this.#clock }).catch(() => undefined)
    return outcome?.kind === 'done'
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

  /** @returns false when the line is gone: it tells so itself, and the next one gets a pump of its own */
  async #send(line: Line, signal: AbortSignal): Promise<boolean> {
    let stuckSinceMs: number | undefined
    let retryMs = RETRY_MS.first
    while (!signal.aborted) {
      const { first } = this.#waiting
      if (!first || this.#isDiscarding) break
      let taken: number
      try {
        taken = line.write(first.bytes.subarray(0, PIECE_BYTES))
      } catch {
        return false
      }
      if (taken > 0) {
        stuckSinceMs = undefined
        retryMs = RETRY_MS.first
        this.#took(first.owner, taken)
        continue
      }
      stuckSinceMs ??= this.#clock.nowMs()
      if (this.#clock.nowMs() - stuckSinceMs >= this.#heldMs) this.#hold(true)
      await this.#clock.sleep(retryMs, signal)
      retryMs = Math.min(RETRY_MS.last, retryMs * 2)
    }
    if (!signal.aborted) this.#hold(false)
    return true
  }

  #took(owner: object, bytes: number): void {
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
    for (const owner of new Set(items.map(({ owner }) => owner))) {
      this.#events.onLost(owner, countBytes(items.filter(item => item.owner === owner)), loss)
    }
  }

  /** Resolves when something was sent or dropped, when `ms` are over, or when aborted. */
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
