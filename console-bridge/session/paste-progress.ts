/** Tells people how far a paced paste is. */
import type { Clock } from '../../runtime/clock.ts'
import type { Pacer } from '../console/pacer.ts'

/** Milliseconds between two reports; a paste that is over before the first one needs none. */
const REPORT_MS = 3_000
/** Milliseconds between two checks whether it is over. */
const LOOK_MS = 250

export interface PasteAudience {
  clock: Clock
  over: AbortSignal
  /** Who pastes, as the others see them. */
  who: string
  progress(text: string): void
  end(text: string): void
  others(text: string): void
}

/** Returns when the paste is over. */
export async function reportPaste(pacer: Pacer, { clock, over, who, ...tell }: PasteAudience): Promise<void> {
  const startMs = clock.nowMs()
  let reports = 0
  while (pacer.isGoing(clock.nowMs()) && !over.aborted) {
    await clock.sleep(LOOK_MS, over)
    if (pacer.waitingBytes === 0 || clock.nowMs() - startMs < (reports + 1) * REPORT_MS) continue
    const { sentLines, lines } = pacer.progress
    if (reports++ === 0) tell.others(`${who} pastes ${lines} lines`)
    tell.progress(`paste: ${sentLines} of ${lines} lines`)
  }
  if (reports === 0) return
  const { sentLines, lines } = pacer.progress
  // Whoever pasted was told why already.
  if (sentLines === lines) tell.end(`paste: all ${lines} lines were sent`)
  tell.others(`the paste of ${who} is over: ${sentLines} of ${lines} lines were sent`)
}
