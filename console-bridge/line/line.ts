/** A serial line as the rest of the bridge sees it: a port that serialport, or the lab's simulator, stands behind. */
import type { ConsoleConfig } from '../../runtime/device-config.ts'

export interface LineEvents {
  /** Bytes from the target, as they come. */
  onData(bytes: Buffer): void
  /** The line is gone (unplugged, or failed); called once, and nothing after it. */
  onClose(cause: string): void
}

/** An open line. A new object for each opening: none is ever reopened. */
export interface Line {
  /** Resolves when the kernel has taken the bytes; rejects when the line is gone. */
  write(bytes: Buffer): Promise<void>
  /** Resolves when everything written is on the wire. A stalled target never lets it: the caller sets a bound. */
  drain(): Promise<void>
  /**
   * Starts or ends the break condition (tty_ioctl(4): TIOCSBRK, TIOCCBRK). What was written and the target does not
   * take may be discarded for it.
   */
  setBreak(on: boolean): Promise<void>
  /** Closes; `onClose` is not called for it. */
  close(): Promise<void>
}

/**
 * Opens the line of a console.
 * @throws a system error, or a UserError that says what to do
 */
export type OpenLine = (console: ConsoleConfig, events: LineEvents) => Promise<Line>
