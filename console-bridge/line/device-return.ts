/** Waits until it is worth opening a device file again: the kernel or udev changed its directory, or some time has passed. */
import { type FSWatcher, watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Clock } from '../../runtime/clock.ts'
import { napper } from '../nap.ts'

/** Milliseconds after which a device file is tried without a sign: none shows that another program closed it. */
const SLOW_MS = 3_000
/**
 * Milliseconds for one that is absent: its directory shows when it comes, unless the directory comes between two looks,
 * as /dev/serial/by-id does.
 */
const ABSENT_MS = 10_000
/** Milliseconds before a try: udev creates a node first, and sets its group and its links afterwards. */
const SETTLE_MS = 200

/** What may be a sign that a device came. */
export interface Awaited {
  directory: string
  /** Of an entry of the directory that was created or removed, or, where `isNew` is false, changed or written to. */
  isSign(name: string, isNew: boolean): boolean
  /** Whether there is something to open already. */
  isThere(): Promise<boolean>
  /** Milliseconds without a sign while it is absent; 10 s where this is undefined. */
  absentMs?: number
}

/** Of a device file by its path. */
export function awaitFile(path: string): Awaited {
  return {
    directory: dirname(path),
    isSign: name => name === basename(path),
    isThere: () =>
      stat(path).then(
        () => true,
        () => false,
      ),
  }
}

/** Resolves when the device may have come; at once when aborted. */
export async function deviceReturn(awaited: Awaited, clock: Clock, signal: AbortSignal): Promise<void> {
  const nap = napper(clock, signal)
  // Before the look: what comes after it is a sign.
  const watcher = watchNearest(awaited.directory, awaited.isSign, nap.wake)
  try {
    await clock.sleep(SETTLE_MS, signal)
    await nap.sleep((await awaited.isThere()) ? SLOW_MS : (awaited.absentMs ?? ABSENT_MS))
  } finally {
    watcher?.close()
  }
  await clock.sleep(SETTLE_MS, signal)
}

/** /dev/serial/by-id disappears with the last adapter, so the nearest directory that exists is watched. */
function watchNearest(directory: string, isSign: Awaited['isSign'], onSign: () => void): FSWatcher | undefined {
  try {
    // A node comes with 'rename', its group with 'change'; so does each write to a neighbour such as /dev/null.
    return watch(directory, (event, changed) => {
      if (changed === null || isSign(changed, event === 'rename')) onSign()
    }).on('error', onSign)
  } catch {
    const above = dirname(directory)
    return directory === '/' ? undefined : watchNearest(above, name => name === basename(directory), onSign)
  }
}
