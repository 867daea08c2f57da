/** What readers of a transcript have: `log`, recordings, and the lines that a session begins with. */
import type { TranscriptRecord } from './record.ts'

export interface Transcript {
  /** The position of the oldest record that is kept. */
  readonly start: number
  /** The position after the newest record. */
  readonly end: number
  /** Writes what is still in memory, so that everything said until now can be read. */
  flush(): Promise<void>
  /**
   * Records in order, while others may be added: what arrives meanwhile is read too, up to `to`.
   * @param from a position of a record; what is not kept any more is skipped, and so are lines that are no records
   * @param to a position; the end at the time of the call when left out
   */
  records(from: number, to?: number): AsyncIterable<TranscriptRecord>
}
