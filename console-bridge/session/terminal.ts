/** A technician's end of a session, as the session sees it: an SSH channel stands behind it. */

export interface Terminal {
  /** It has a pty: the escape key works, and notices stand among the output. Without one it is clean for programs. */
  readonly interactive: boolean
  /** What the target says. Resolves when it is on its way, so that who waits never fills the memory; or when gone. */
  write(bytes: Buffer): Promise<void>
  /** What the bridge says, on standard error where there is no pty. */
  note(text: string | Buffer): Promise<void>
  /** Resolves when all that the client sent before it had read all of ours is here; or when aborted. */
  roundTrip(signal: AbortSignal): Promise<void>
  /** Stops and goes on reading what is typed. */
  pause(): void
  resume(): void
  /** Aborted when the technician is gone, by will or not. */
  readonly gone: AbortSignal
}

export interface TerminalInput {
  onTyped(bytes: Buffer): void
  /** The client has sent its last byte, which may wait to be read. */
  onLastSent(): void
  /** Nothing more will be typed; output may still be wanted (`echo … | ssh core-sw1`). */
  onEnd(): void
}
