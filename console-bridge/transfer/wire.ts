/** What a transfer has of the line: it reads and writes it, and says how far it is. */
import type { Clock } from '../../runtime/clock.ts'
import type { ByteQueue } from './byte-queue.ts'

export interface Progress {
  bytes: number
  /** Undefined where it is not known. */
  total: number | undefined
}

export interface Wire {
  readonly clock: Clock
  /** What the target says, unless it is diverted. */
  readonly queue: ByteQueue
  /** The end of the transfer: ends every wait. */
  readonly over: AbortSignal
  progress: Progress
  /** What the target said after the end of the protocol: people see it. */
  tail: Buffer
  /** @returns false when there is no room for more at present */
  send(bytes: Buffer): boolean
  /** From now on, gives what the target says to `hear`, or to the queue again. @param onRoom there is room again */
  divert(hear: ((bytes: Buffer) => void) | undefined, onRoom?: () => void): void
}
