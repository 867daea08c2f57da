/** Checks this device's own sshd and bridge at intervals, so that a fault here is named, and noticed soon when it ends. */
import { lookAt } from '../proof/local-look.ts'
import type { End } from '../proof/prove-end.ts'
import type { Context } from './ports.ts'
import { greetMs, localPorts } from './prove-once.ts'

/** Milliseconds between two checks. */
const LOOK_MS = { well: 20_000, faulty: 2_000 }

/** Runs until the signal is aborted. @param onChange called when the fault changes */
export async function watchLocal(
  end: End,
  context: Context,
  onChange: (fault: string | undefined) => void,
): Promise<void> {
  const { clock, dialLocal, progress, signal } = context
  const ports = localPorts(context)
  const track = progress.track(`look at the ${end}`)
  let known: string | undefined
  for (;;) {
    track.beat(greetMs(context))
    const fault = await lookAt(end, { ports, dialLocal, clock, greetMs: greetMs(context), signal })
    if (signal.aborted) break
    if (fault !== known) onChange(fault)
    known = fault
    const waitMs = fault === undefined ? LOOK_MS.well : LOOK_MS.faulty
    track.beat(waitMs)
    await clock.sleep(waitMs, signal)
  }
  track.end()
}
