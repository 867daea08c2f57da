/** What a page and its desk say on the WebSocket of one recorded session: the page asks once, its file comes in pieces; pure. */
import * as z from 'zod'

const askSchema = z.strictObject({
  console: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i),
  number: z.int().min(1).max(999_999_999),
})

export type RecordingAsk = z.output<typeof askSchema>

/** The last message; the file itself comes before it, as binary messages. */
export interface RecordingEnd {
  /** Why it is not whole; empty for a whole one. */
  problem: string
  /** It is longer than RECORDING_MAX_BYTES: what follows is missing. */
  isCut: boolean
}

/** @returns undefined for what is no question of the page */
export function parseRecordingAsk(text: string): RecordingAsk | undefined {
  try {
    return askSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
