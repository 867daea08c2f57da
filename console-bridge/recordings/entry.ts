/**
 * One session as an entry over the transcript of its console: who, from where, when, and which part of the transcript; pure.
 * What the target said is in the transcript alone.
 */
import * as z from 'zod'

/** Milliseconds since 1970. */
const instant = z.int()

const entrySchema = z.object({
  /** What people call it by: it counts up for each console, and is never used again. */
  number: z.int().positive(),
  console: z.string(),
  /** Of the session in the transcript: unique while the bridge runs. */
  id: z.int(),
  who: z.string(),
  from: z.string(),
  role: z.enum(['operator', 'observer']),
  beganAt: instant,
  /** Of the terminal when the session began, `80x24`. */
  size: z.string().optional(),
  /** The session's first record is there or later; undefined when the disk took no transcript. */
  position: z.int().optional(),
  end: z
    .object({
      at: instant,
      /** `restart`: the bridge or the device ended without warning. */
      how: z.enum(['left', 'disconnected', 'dismissed', 'stopped', 'restart']),
      /** Bytes that were sent to the target. */
      typedBytes: z.int(),
      /** The session's last record is before it; undefined until it is on the disk. */
      position: z.int().optional(),
    })
    .optional(),
})

export type Entry = z.output<typeof entrySchema>
export type EntryEnd = NonNullable<Entry['end']>

/** How much of a recording the transcript still has for a reader. */
export type Kept = 'all' | 'part' | 'none'

/** @param start the position from which on the reader may read, and there is something */
export function keptOf({ position, end }: Entry, start: number): Kept {
  if (position === undefined) return 'none'
  if (end?.position !== undefined && end.position <= Math.max(start, position)) return 'none'
  return position < start ? 'part' : 'all'
}

const HOW: Record<EntryEnd['how'], string> = {
  left: 'left',
  disconnected: 'disconnected',
  dismissed: 'access ended',
  stopped: 'the bridge was stopped',
  restart: 'ended by a restart',
}

export function howText(end: EntryEnd | undefined): string {
  return end === undefined ? 'goes on' : HOW[end.how]
}

/** One line of the file. */
export function entryLine(entry: Entry): string {
  return `${JSON.stringify(entry)}\n`
}

/** @returns undefined for what is none, such as half a line after a power cut */
export function parseEntry(line: string): Entry | undefined {
  try {
    return entrySchema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}
