/** Waits until it is worth opening a device file again: something changed in its directory, or some time has passed. */
import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Clock } from '../../runtime/clock.ts'
import { napper } from '../nap.ts'

/** Milliseconds after which it is tried without a sign: no directory shows that another program closed the device. */
const SLOW_MS = 3_000
/** Milliseconds before a try: udev creates a node first, and sets its group afterwards. */
const SETTLE_MS = 200

/** Resolves when `path` may have come back; at once when aborted. */
export async function deviceReturn(path: string, clock: Clock, signal: AbortSignal): Promise<void> {
  await clock.sleep(SETTLE_MS, signal)
  const nap = napper(clock, signal)
  const watcher = watchNearest(dirname(path), basename(path), nap.wake)
  try {
    await nap.sleep(SLOW_MS)
  } finally {
    watcher?.close()
  }
}

/** /dev/serial/by-id disappears with the last adapter, so the nearest directory that exists is watched. */
function watchNearest(directory: string, name: string, onSign: () => void): FSWatcher | undefined {
  try {
    // 'rename': a file was created, removed or moved. 'change': a chmod, but also each write to a neighbour such as
    // /dev/null.
    return watch(directory, (event, changed) => {
      if (event === 'rename' || changed === name) onSign()
    }).on('error', onSign)
  } catch {
    return directory === '/' ? undefined : watchNearest(dirname(directory), basename(directory), onSign)
  }
}
