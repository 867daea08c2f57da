/** What readers of recordings have. */
import type { Entry } from './entry.ts'

export interface RecordingList {
  /** The entries of a console, oldest first. */
  of(console: string): readonly Entry[]
  find(console: string, number: number): Entry | undefined
}
