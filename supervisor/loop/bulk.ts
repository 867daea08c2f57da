/** Whether a transfer fills the line: answers are late then, and a failed probe means nothing. */
import type { Clock } from '../../runtime/clock.ts'
import type { Connection } from '../ssh/connection.ts'

/** Milliseconds over which the bytes are counted. */
const SAMPLE_MS = 1_000
/** Bytes a second that no keyboard and no screen reaches. */
const BYTES_A_SECOND = 8_192
/** Bytes that wait to be sent: more is written than the line can carry. */
const UNSENT = 32_768

/** Counts for a second, unless it is plain before. */
export async function bulkFlows(connection: Connection, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const before = connection.activity()
  if (before.unsentBytes > UNSENT) return true
  await clock.sleep(SAMPLE_MS, signal)
  const after = connection.activity()
  const bytes = after.receivedBytes + after.sentBytes - before.receivedBytes - before.sentBytes
  return after.unsentBytes > UNSENT || bytes > (BYTES_A_SECOND * SAMPLE_MS) / 1000
}
