/** A technician's terminal as the session sees it; an SSH channel implements it. */

import type { TerminalSize } from '../console/terminal-size.ts'

/** The connection ended, and the client had not said that it goes: its network, its power or a relay is gone. */
export const LOST = 'lost'

export interface Terminal {
  /**
   * It has a pty: the escape key works, and notices appear in the output. Without a pty the output is clean for
   * programs.
   */
  readonly interactive: boolean
  /** Of the pty, when the session begins. */
  readonly size: TerminalSize | undefined
  /** Writes what the target says. Resolves when there is room for more, or when gone: awaiting it bounds the memory. */
  write(bytes: Buffer): Promise<void>
  /** Writes what the bridge says, without a pty to standard error. */
  note(text: string | Buffer): Promise<void>
  /**
   * Resolves when the client has read all that was sent to it, and all that it sent before has arrived; or when
   * aborted.
   */
  roundTrip(signal: AbortSignal): Promise<void>
  /** Stop and resume reading what is typed. */
  pause(): void
  resume(): void
  /** Aborted when the technician left or the connection was lost; its reason is then {@link LOST}. */
  readonly gone: AbortSignal
}

export interface TerminalInput {
  onTyped(bytes: Buffer): void
  /** The pty has another size now. */
  onResized?(size: TerminalSize): void
  /** The client has sent its last byte, which may not have been read yet. */
  onLastSent(): void
  /** Nothing more will be typed; output may still be wanted (`echo … | ssh core-sw1`). */
  onEnd(): void
}
