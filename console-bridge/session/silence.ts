/** Shows the likely causes to somebody whose target has said nothing. */
import type { Clock } from '../../runtime/clock.ts'
import type { Console } from '../console/console.ts'
import { silenceHint } from './greeting.ts'
import type { View } from './view.ts'

/** Milliseconds after which the likely causes are shown. */
const SILENCE_MS = 3_000

export async function hintAtSilence(console: Console, view: View, clock: Clock, over: AbortSignal): Promise<void> {
  await clock.sleep(SILENCE_MS, over)
  if (over.aborted || !console.state.open || console.counters.lastOutputAt !== null) return
  view.tell(...silenceHint(console))
}
