/** A serial line as the rest of the bridge sees it. serialport and the lab's simulator implement it. */
import type { ConsoleConfig } from '../../formats/device-config.ts'

/** Speed, framing and flow control. Five data bits with two stop bits are one and a half on the wire. */
export type LineSettings = Pick<ConsoleConfig, 'baudRate' | 'dataBits' | 'parity' | 'stopBits' | 'flowControl'>

/** Modem lines that the target drives. */
export interface ModemLines {
  cts: boolean
  dsr: boolean
  dcd: boolean
  /** Undefined where the line does not say. */
  ri: boolean | undefined
}

/** Modem lines that this end drives. */
export interface ModemOutputs {
  dtr: boolean
  rts: boolean
}

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
  /** As they are now. */
  readonly settings: LineSettings
  /** Up since the line was opened, unless {@link setModemLines} lowered them. */
  readonly outputs: ModemOutputs
  /**
   * Changes settings at once, also for what was written and is not on the wire: the caller drains first, and sets a
   * bound.
   * @throws UserError when the line does not support them; the settings are the old ones then
   */
  set(changes: Partial<LineSettings>): Promise<void>
  /** Undefined for a line without modem lines, such as a pty. */
  modemLines(): Promise<ModemLines | undefined>
  /** @throws UserError for a line without modem lines, and for RTS while it belongs to the flow control */
  setModemLines(changes: Partial<ModemOutputs>): Promise<void>
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
  /** Releases what flow control holds: forgets an XOFF; ignores CTS until the line is reopened or {@link set} anew. */
  release(): Promise<void>
  /** Closes; `onClose` is not called for it. */
  close(): Promise<void>
}

/**
 * Opens the line of a console.
 * @throws a system error, or a UserError that says what to do
 */
export type OpenLine = (console: ConsoleConfig, events: LineEvents) => Promise<Line>
