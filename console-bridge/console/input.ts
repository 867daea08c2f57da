/** What people type at a console, on its way to the line: taken from whoever has the keyboard, up to a bound. */
import { byteMs, describeHold } from '../line/settings.ts'
import type { ConsoleLine } from './console-line.ts'
import type { Keyboard } from './keyboard.ts'
import type { LineControl } from './line-control.ts'
import type { Loss } from './loss.ts'
import type { Outgoing } from './outgoing.ts'
import { Pacer } from './pacer.ts'
import type { Pacing } from './pacing.ts'
import { calledAs } from './person.ts'
import { refusalOf } from './right.ts'
import type { Seat, TypeOutcome } from './seat.ts'

/**
 * Bytes of one session that may wait for the line. At this bound the session is no longer read, and the SSH window
 * fills.
 */
export const TYPED_BOUND_BYTES = 65_536
/** The same for a paced paste: it takes long, and the escape key that stops it must be read. */
export const PASTE_BOUND_BYTES = 1_048_576

interface InputOptions {
  line: ConsoleLine
  control: LineControl
  keyboard: Keyboard
  outgoing: Outgoing
}

export class Input {
  readonly #line: ConsoleLine
  readonly #control: LineControl
  readonly #keyboard: Keyboard
  readonly #outgoing: Outgoing

  constructor({ line, control, keyboard, outgoing }: InputOptions) {
    this.#line = line
    this.#control = control
    this.#keyboard = keyboard
    this.#outgoing = outgoing
  }

  /**
   * Sends what was typed, if this seat may; when nobody types, it does from now on. `full`: taken, but wait for room.
   * @param pacer of a paste that is not sent at once
   */
  type(seat: Seat, bytes: Buffer, pacer?: Pacer): TypeOutcome {
    if (refusalOf(seat) !== undefined) return 'observer'
    if (this.#keyboard.describeOccupied(seat) !== undefined) return 'occupied'
    if (!this.#line.state.open) return 'closed'
    if (this.#keyboard.writer === undefined) this.#keyboard.give(seat, `${calledAs(seat)} types now`)
    this.#outgoing.push(seat, bytes, pacer)
    const boundBytes = pacer ? PASTE_BOUND_BYTES : TYPED_BOUND_BYTES
    return this.waitingBytes(seat) < boundBytes ? 'taken' : 'full'
  }

  /** For the pastes of one session. */
  pacer(pacing: Pacing): Pacer {
    return new Pacer(pacing, () => byteMs(this.#control.settings))
  }

  hasRoom(seat: Seat): boolean {
    return this.waitingBytes(seat) < TYPED_BOUND_BYTES
  }

  /** Bytes that this seat typed and the line has not taken. */
  waitingBytes(seat: Seat): number {
    return this.#outgoing.waitingBytes(seat)
  }

  /** Drops what this seat typed and was not sent. @returns how many bytes that was */
  discard(seat: Seat, loss: Loss): number {
    return this.#outgoing.discard(seat, loss)
  }

  /** Discards what this seat typed and the target has not. */
  purge(seat: Seat): void {
    this.#outgoing.discardWithHeld(seat, { kind: 'left', text: 'it was purged' })
  }

  /**
   * Waits until all that this seat typed is on the wire. What flow control holds for too long is dropped, and the seat
   * is told.
   */
  async sent(seat: Seat, signal: AbortSignal): Promise<void> {
    if (await this.#outgoing.sent(seat, signal)) return
    const loss: Loss = { kind: 'held', text: `flow control holds the line: ${describeHold(this.#control.settings)}` }
    if (this.#outgoing.discard(seat, loss) === 0) seat.events.onLost(0, loss)
  }
}
