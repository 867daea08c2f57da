/** What readers of a transcript have: `log`, recordings, and the lines that a session begins with. */
import type { TranscriptRecord } from './record.ts'

export interface Transcript {
  /** The position of the oldest record that is kept. */
  readonly start: number
  /** The position after the newest record in the files. */
  readonly end: number
  /** The end of the files, and the position of the scrollback that it is; undefined while something is still in between. */
  readonly place: { position: number; scrollback: number } | undefined
  /** The disk does not take what is recorded: since when, on the monotonic clock, and why. */
  readonly trouble: { sinceMs: number; cause: string } | undefined
  /** Writes what is still in memory, also half a line, so that everything said until now can be read. Never throws. */
  flush(): Promise<void>
  /** Writes the records that are complete. Never throws. */
  write(): Promise<void>
  /** Resolves when there is something after `position`, or soon will be; or when aborted. */
  more(position: number, signal: AbortSignal): Promise<void>
  /**
   * Records in order, while others may be added.
   * @param from a position of a record; what is not kept any more is skipped, and so are lines that are no records
   * @param to a position; the end at the time of the call when left out
   */
  records(from: number, to?: number): AsyncIterable<TranscriptRecord>
  /** The position of a record before which nothing is as new as `atMs` (since 1970), but for times in disorder. */
  positionAt(atMs: number): Promise<number>
}

/** All of a bridge. */
export interface TranscriptAccess {
  /** Undefined for a console without a transcript. */
  of(console: string): Transcript | undefined
  /** The position at which the part begins that this person may read; undefined where that is not known. */
  sinceFor(person: string, console: string): number | undefined
}
