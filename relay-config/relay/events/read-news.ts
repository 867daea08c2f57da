/** What is new in the history since it was read last: what the operator did, what devices told, logins here. */
import { constants } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { entrySchema, type HistoryEntry } from '../history.ts'
import { alertEntries, loginEntries, toldEntries } from '../state/past-sessions.ts'
import { readBounded } from '../state/read-bounded.ts'
import type { StatePaths } from '../state/state-paths.ts'
import type { Happening } from './event.ts'
import { freshLines, markSchema } from './fresh-lines.ts'
import { fromHistory } from './from-history.ts'

export const marksSchema = z.object({
  /** By `past/DEVICE`, `alerts/DEVICE` and `logins/TECHNICIAN`. */
  files: z.record(z.string(), markSchema).default({}),
  /** Bytes of history.jsonl that were read, and the time of the last entry. */
  history: z.object({ bytes: z.int(), at: z.string() }).optional(),
})

export type Marks = z.output<typeof marksSchema>

export interface News {
  marks: Marks
  /** In the order in which they happened. */
  entries: HistoryEntry[]
  /** How many entries came and went unread, as events. */
  lost: Happening[]
}

/** Bytes of history.jsonl that are read at once. */
const CHUNK = 1_048_576

/** Files that have not changed are not read again. */
export class NewsReader {
  readonly #paths: StatePaths
  readonly #seen = new Map<string, string>()

  constructor(paths: StatePaths) {
    this.#paths = paths
  }

  /** @param devices of the fleet file: others are not of this fleet any more */
  async read(marks: Marks, devices: readonly string[]): Promise<News> {
    const { devices: folder, logins } = this.#paths
    const found: News = { marks: { files: {} }, entries: [], lost: [] }
    const technicians = await readdir(logins).catch(() => [])
    for (const name of devices) {
      await this.#readFile(marks, found, `past/${name}`, join(folder, name, 'past'), name, freshPast)
      await this.#readFile(marks, found, `alerts/${name}`, join(folder, name, 'alerts'), name, alertEntries)
    }
    for (const name of technicians)
      await this.#readFile(marks, found, `logins/${name}`, join(logins, name), name, loginEntries)
    const history = await this.#readHistory(marks.history, found)
    found.entries.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    return { ...found, marks: { ...found.marks, ...(history !== undefined && { history }) } }
  }

  async #readFile(
    { files }: Marks,
    found: News,
    key: string,
    path: string,
    name: string,
    parse: (name: string, fresh: string, known: readonly string[]) => HistoryEntry[],
  ): Promise<void> {
    const mark = files[key]
    const { ino, mtimeNs, size } = (await stat(path, { bigint: true }).catch(() => undefined)) ?? {}
    if (ino === undefined) return
    const version = `${ino} ${mtimeNs} ${size}`
    if (mark !== undefined && this.#seen.get(key) === version) {
      found.marks.files[key] = mark
      return
    }
    this.#seen.set(key, version)
    const goneText = await readBounded(`${path}.gone`).catch(() => '')
    const text = await readBounded(path).catch(() => '')
    // Of a technician's logins, the first line counts what was dropped.
    const [, goneHere] = /^gone (\d{1,11})\n/.exec(text) ?? []
    const gone = Number(goneHere ?? /^(\d{1,11})\n$/.exec(goneText)?.[1] ?? 0)
    const { known, fresh, missed, mark: next } = freshLines(text.replace(/^gone .*\n/, ''), gone, mark)
    found.marks.files[key] = next
    found.entries.push(...parse(name, fresh.join('\n'), known))
    if (missed > 0) {
      const at = new Date().toISOString()
      found.lost.push({
        event: 'dropped',
        at,
        count: missed,
        text: `${name}: ${missed} entries of its history came and went unread`,
      })
    }
  }

  /** The file only grows; one that is shorter was begun anew. */
  async #readHistory(mark: Marks['history'], found: News): Promise<Marks['history']> {
    const file = await open(
      this.#paths.history,
      constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW,
    ).catch(() => undefined)
    if (file === undefined) return mark ?? { bytes: 0, at: '' }
    try {
      const { size } = await file.stat()
      // What was before the first look is nobody's news.
      if (mark === undefined) return { bytes: size, at: '' }
      const isNew = size < mark.bytes
      const from = isNew ? 0 : mark.bytes
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(CHUNK, size - from)), 0, undefined, from)
      // A line that is being written is read when it is whole.
      const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1
      const lines = buffer.subarray(0, end).toString('utf8').split('\n')
      const entries = lines.flatMap(line => parseEntry(line) ?? []).filter(({ at }) => !isNew || at > mark.at)
      found.entries.push(...entries)
      return { bytes: from + end, at: entries.at(-1)?.at ?? mark.at }
    } finally {
      await file.close()
    }
  }
}

/** A device tells again what a relay may have lost, with the same `ref`. */
function freshPast(device: string, fresh: string, known: readonly string[]): HistoryEntry[] {
  const refOf = (line: string) => /"ref":"([^"\\]{1,60})"/.exec(line)?.[1]
  const refs = new Set(known.flatMap(line => refOf(line) ?? []))
  return toldEntries(
    device,
    fresh
      .split('\n')
      .filter(line => !refs.has(refOf(line) ?? ''))
      .join('\n'),
  )
}

function parseEntry(line: string): HistoryEntry | undefined {
  try {
    return entrySchema.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}

/** What these entries are as events. */
export function happeningsOf(entries: readonly HistoryEntry[]): Happening[] {
  return entries.flatMap(entry => fromHistory(entry) ?? [])
}
