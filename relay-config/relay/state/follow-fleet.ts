/** The fleet as lines for a program that follows it: all devices first, then whatever has changed, and a sign of life. */
import { withWord } from '../../../formats/states.ts'
import type { Clock } from '../../../runtime/clock.ts'
import { asciiJson } from '../../../runtime/printable.ts'
import type { DeviceView } from './device-view.ts'

/** Milliseconds between two looks, each of which is a line: who reads knows by it that the relay still answers. */
const LOOK_MS = 2_000
/** The rest after a look is so many times what it took, within limits: a large fleet costs its relay a tenth of a core at most. */
const REST = 9
const REST_MAX_MS = 5_000

export interface FollowOptions {
  /** All devices as they are now. */
  read(nowMs: number): Promise<DeviceView[]>
  print(line: string): void
  clock: Clock
  signal: AbortSignal
}

/** Ends when aborted. */
export async function followFleet({ read, print, clock, signal }: FollowOptions): Promise<void> {
  let known = new Map<string, string>()
  while (!signal.aborted) {
    const beganMs = clock.nowMs()
    const nowMs = clock.wallMs()
    const views = await read(nowMs)
    if (signal.aborted) return
    const present = new Map(views.map(view => [view.device, essence(view)]))
    const gone = [...known.keys()].filter(device => !present.has(device))
    const changed = views.filter(({ device }) => present.get(device) !== known.get(device))
    known = present
    print(asciiJson({ v: 1, views: changed.map(view => ({ ...withWord(view), nowMs })), gone }))
    await clock.sleep(Math.min(REST_MAX_MS, Math.max(LOOK_MS, REST * (clock.nowMs() - beganMs))), signal)
  }
}

/** What changes by itself with every look, or with every packet, is no news: the age of the last byte. */
function essence({ heard, sinceMs, ...view }: DeviceView): string {
  const unknown = heard && 'unknown' in heard ? heard.unknown : undefined
  return JSON.stringify([view, unknown, view.state === 'silent' ? undefined : sinceMs])
}
