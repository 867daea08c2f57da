/** Whom the parts of one console report to, apart from the people there. */
import type { Logger } from '../../runtime/log.ts'
import type { NewEvent, Span } from '../events.ts'
import type { Recorder } from './recorder.ts'

export interface Reports {
  /** Of the console. */
  readonly name: string
  readonly log: Logger
  /** Undefined where nothing is recorded. */
  readonly recorder: Recorder | undefined
  /** Something changed that the status shows; not called for its counters. */
  onChange(): void
  /** Gets what belongs in the history. */
  onEvent(event: NewEvent, span?: Span): void
}
