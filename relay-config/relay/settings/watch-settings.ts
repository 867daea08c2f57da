/** Looks at the settings of devices until nothing more is to happen to them by itself. */
import { setTimeout as delay } from 'node:timers/promises'
import type { StatePaths } from '../state/state-paths.ts'
import { isDecided } from './describe-settings.ts'
import { readSettingsView, type SettingsView } from './settings-view.ts'

/** Milliseconds between two looks at a few small files. */
const PACE_MS = 500

/**
 * @param waitMs milliseconds to wait for devices to decide; 0 for one look
 * @param onView gets each device's first view, and each later one that says something new
 */
export async function watchSettings(
  paths: StatePaths,
  devices: readonly string[],
  waitMs: number,
  onView: (view: SettingsView) => void,
  signal: AbortSignal,
): Promise<void> {
  const untilMs = performance.now() + waitMs
  const told = new Map<string, string>()
  for (;;) {
    const views = await Promise.all(devices.map(device => readSettingsView(paths, device, Date.now())))
    for (const view of views) {
      const text = essence(view)
      if (told.get(view.device) === text) continue
      told.set(view.device, text)
      onView(view)
    }
    if (views.every(isDecided) || performance.now() >= untilMs || signal.aborted) return
    await delay(PACE_MS, undefined, { signal }).catch(() => {})
  }
}

/** Without the ages. */
function essence({ device, connected, document, state, answer }: SettingsView): string {
  return JSON.stringify([device, connected, document?.digest, state, answer?.serial, answer?.accepted, answer?.cause])
}
