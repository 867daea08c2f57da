/** How far a transfer is, in words. Pure. */
import type { Progress } from './wire.ts'

/** `12 %, 1245184 of 9738240 bytes, 15 min left`: with what precedes it, it fits on 80 columns. */
export function describeProgress({ bytes, total }: Progress, elapsedMs: number): string {
  if (bytes === 0) return 'waiting for the target'
  const rate = (bytes * 1_000) / Math.max(1, elapsedMs)
  if (total === undefined || total === 0) return `${bytes} bytes, ${Math.round(rate)} bytes/s`
  const percent = Math.floor((100 * bytes) / total)
  return `${percent} %, ${bytes} of ${total} bytes, ${timeText((total - bytes) / Math.max(1, rate))} left`
}

function timeText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`
}
