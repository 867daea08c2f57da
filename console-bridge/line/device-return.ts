/** Waits until it is worth opening a device file again: something changed where it is to be, or some time went by. */
import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Clock } from '../../runtime/clock.ts'
import { napper } from '../nap.ts'

/** Milliseconds after which it is tried without a sign: for what no directory tells (another program let go of it). */
const SLOW_MS = 3_000
/** Milliseconds between two tries: udev makes a node first and gives it to its group after. */
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

/** /dev/serial/by-id goes with its last adapter, so the nearest directory that is there is watched. */
function watchNearest(directory: string, name: string, onSign: () => void): FSWatcher | undefined {
  try {
    // 'rename' is coming, going and moving. 'change' is a chmod, and every write to a neighbour such as /dev/null.
    return watch(directory, (event, changed) => {
      if (event === 'rename' || changed === name) onSign()
    }).on('error', onSign)
  } catch {
    return directory === '/' ? undefined : watchNearest(dirname(directory), basename(directory), onSign)
  }
}
