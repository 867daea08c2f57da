/** A serial line as the rest of the bridge sees it. serialport and the lab's simulator implement it. */
import type { ConsoleConfig } from '../../formats/device-config.ts'

export interface LineEvents {
  /** Bytes from the target, as they come. */
  onData(bytes: Buffer): void
  /** Flow control holds what is sent (the target sent XOFF, or CTS is low), or no longer does. */
  onHeld(held: boolean): void
  /** The line is gone (unplugged, or failed). Called once, and no other event follows. */
  onClose(cause: string): void
}

/** An open line. Each opening makes a new object; none is reopened. */
export interface Line {
  /**
   * Hands bytes to the kernel without waiting.
   * @returns how many it took; 0 when it has no room
   * @throws when the line is gone
   */
  write(bytes: Buffer): number
  /** Resolves when everything written is on the wire: never while flow control holds it, so the caller sets a bound. */
  drain(): Promise<void>
  /** Discards what was written and is not on the wire. The caller sets a bound. */
  discard(): Promise<void>
  /**
   * Starts or ends the break condition (ioctl_tty(2): TIOCSBRK, TIOCCBRK). Bytes that the target does not take may be
   * discarded for it. The caller sets a bound.
   */
  setBreak(on: boolean): Promise<void>
  /** Releases what flow control holds: forgets an XOFF; ignores CTS for as long as the line is open. */
  release(): Promise<void>
  /** Closes; `onClose` is not called for it. */
  close(): Promise<void>
}

/**
 * Opens the line of a console.
 * @throws a system error, or a UserError that says what to do
 */
export type OpenLine = (console: ConsoleConfig, events: LineEvents) => Promise<Line>
