/** What a console said before a session began, from its transcript: also before the bridge started. */
import type { Transcript } from '../transcript/transcript.ts'
import type { LogLine } from './log-lines.ts'
import { logTail } from './log-tail.ts'

/** The last lines as text, and the position of the scrollback at which they end. */
export interface PastText {
  text: Buffer
  upTo: number
}

/** As one person may read it. */
export interface Past {
  /** @returns undefined when it cannot be read, or where output never pauses */
  lastLines(count: number): Promise<PastText | undefined>
  /** The last lines and events. @throws a system error */
  log(count: number): Promise<LogLine[]>
}

/** Attempts to find the transcript and the scrollback at the same place. */
const TRIES = 5

/** @param from the position before which this person may not read */
export function pastOf(transcript: Transcript, from: number): Past {
  return {
    lastLines: async count => {
      try {
        return await readText(transcript, from, count)
      } catch {
        return undefined
      }
    },
    log: async count => {
      await transcript.flush()
      return logTail(transcript, from, count)
    },
  }
}

async function readText(transcript: Transcript, from: number, count: number): Promise<PastText | undefined> {
  for (let left = TRIES; left > 0; left--) {
    await transcript.flush()
    const { place } = transcript
    if (!place) continue
    const lines = await logTail(transcript, from, count, { to: place.position, withEvents: false })
    const text = lines.map(line => `${line.text}\r\n`).join('')
    const isOpen = lines.at(-1)?.isOpen ?? false
    return { text: Buffer.from(isOpen ? text.slice(0, -2) : text), upTo: place.scrollback }
  }
  return undefined
}
