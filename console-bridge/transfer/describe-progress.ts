/** How far a transfer is, in words. Pure. */
import type { Progress } from './wire.ts'

/** `1245184 of 9738240 bytes (12 %), 9402 bytes/s, 15 min left` */
export function describeProgress({ bytes, total }: Progress, elapsedMs: number): string {
  if (bytes === 0) return 'waiting for the target'
  const rate = Math.round((bytes * 1_000) / Math.max(1, elapsedMs))
  if (total === undefined || total === 0) return `${bytes} bytes, ${rate} bytes/s`
  const percent = Math.floor((100 * bytes) / total)
  return `${bytes} of ${total} bytes (${percent} %), ${rate} bytes/s, ${timeText((total - bytes) / Math.max(1, rate))} left`
}

function timeText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`
}
