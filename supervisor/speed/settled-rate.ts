/** What passed, as it was seen to pass → kilobits a second; pure. */

/** At `ms` since the start, `bytes` had passed. */
export interface Sample {
  ms: number
  bytes: number
}

/** The part of the time at whose end a connection has found its pace. */
const START = 1 / 4
/** Bytes after that, below which chance decides. */
const BYTES_MIN = 16_384

/** @returns undefined where too little passed to tell */
export function settledKbit(samples: readonly Sample[]): number | undefined {
  const last = samples.at(-1)
  if (last === undefined) return undefined
  const first = samples.find(({ ms }) => ms >= last.ms * START)
  if (first === undefined || first.ms >= last.ms) return undefined
  const bytes = last.bytes - first.bytes
  return bytes < BYTES_MIN ? undefined : Math.round((bytes * 8) / (last.ms - first.ms))
}

/**
 * Bytes that may be on their way without having been acknowledged: what passes in a second. A packet of the tunnel then waits
 * behind a second's worth at the most, wherever the queue is.
 */
export function mayBeUnderway({ ms, bytes }: Sample): number {
  return Math.max(UNDERWAY_MIN, ms > 0 ? (bytes * 1_000) / ms : 0)
}

const UNDERWAY_MIN = 32_768
