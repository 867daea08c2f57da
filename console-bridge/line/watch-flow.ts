/** Finds out whether flow control holds a serial line, without blocking this process. */
import type { Clock } from '../../runtime/clock.ts'

export interface FlowProbe {
  /** Bytes written since the line was opened. */
  bytesWritten(): number
  /** False while CTS is low; undefined where CTS is absent or ignored. */
  clearToSend(): Promise<boolean | undefined>
  /** Settles when everything written is on the wire, or when aborted. */
  onWire(signal: AbortSignal): Promise<unknown>
}

export interface FlowWatch {
  clock: Clock
  signal: AbortSignal
  /** Milliseconds without progress that count as held. */
  heldMs: number
  onHeld(held: boolean): void
}

/** Milliseconds between two checks. */
const LOOK_MS = 2_000

/** Runs until aborted. */
export async function watchFlow(probe: FlowProbe, { clock, signal, heldMs, onHeld }: FlowWatch): Promise<void> {
  let held = false
  let clearAtMs = clock.nowMs()
  /** Bytes written at the last change, and when that was. */
  let written = 0
  let progressAtMs = clock.nowMs()
  let onWire = 0
  let isAsking = false

  const ask = async (upTo: number) => {
    isAsking = true
    await probe.onWire(signal).catch(() => {})
    isAsking = false
    onWire = upTo
  }
  while (!signal.aborted) {
    await clock.sleep(LOOK_MS, signal)
    if (signal.aborted) return
    const bytes = probe.bytesWritten()
    if (bytes !== written) {
      written = bytes
      progressAtMs = clock.nowMs()
    }
    if (bytes !== onWire && !isAsking) void ask(bytes)
    if ((await probe.clearToSend().catch(() => undefined)) !== false) clearAtMs = clock.nowMs()
    const sinceMs = Math.min(clearAtMs, isAsking ? progressAtMs : Number.POSITIVE_INFINITY)
    const isHeld = clock.nowMs() - sinceMs >= heldMs
    if (isHeld === held || signal.aborted) continue
    held = isHeld
    onHeld(held)
  }
}
