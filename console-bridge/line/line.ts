/** A serial line as the rest of the bridge sees it: a port that serialport, or the lab's simulator, stands behind. */
import type { ConsoleConfig } from '../../formats/device-config.ts'

export interface LineEvents {
  /** Bytes from the target, as they come. */
  onData(bytes: Buffer): void
  /** Flow control holds what is sent (the target sent XOFF, or CTS is low), or lets it go on. */
  onHeld(held: boolean): void
  /** The line is gone (unplugged, or failed); called once, and nothing after it. */
  onClose(cause: string): void
}

/** An open line. A new object for each opening: none is ever reopened. */
export interface Line {
  /**
   * Hands bytes to the kernel, and does not wait.
   * @returns how many it took; 0 when it has no room
   * @throws when the line is gone
   */
  write(bytes: Buffer): number
  /** Resolves when everything written is on the wire. A stalled target never lets it: the caller sets a bound. */
  drain(): Promise<void>
  /** Drops what was written and is not on the wire. The caller sets a bound. */
  discard(): Promise<void>
  /**
   * Starts or ends the break condition (tty_ioctl(4): TIOCSBRK, TIOCCBRK). What was written and the target does not
   * take may be discarded for it. The caller sets a bound.
   */
  setBreak(on: boolean): Promise<void>
  /** Lets go on what flow control holds: forgets an XOFF; ignores CTS for as long as the line is open. */
  release(): Promise<void>
  /** Closes; `onClose` is not called for it. */
  close(): Promise<void>
}

/**
 * Opens the line of a console.
 * @throws a system error, or a UserError that says what to do
 */
export type OpenLine = (console: ConsoleConfig, events: LineEvents) => Promise<Line>
