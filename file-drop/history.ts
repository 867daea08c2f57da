/** The history of what equipment took and put: appended, bounded in size and in lines a minute, whoever asks how often. */
import { appendFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type DropRecord, HISTORY_BYTES, HISTORY_FILES } from '../formats/file-drop.ts'
import type { Clock } from '../runtime/clock.ts'
import { errorCode } from '../runtime/errors.ts'
import { asciiJson, printable } from '../runtime/printable.ts'

/** Milliseconds between two writes: a card wears by each. */
const PACE_MS = 3_000
/** Records that one write takes; the rest of a flood is counted. */
const BATCH_MAX = 200
/** Records of one address in a minute, beyond which only its transfers are kept. */
const REFUSALS_MAX = 10
const MINUTE_MS = 60_000

export interface History {
  add(record: Omit<DropRecord, 'at'>): void
  /** Writes what is waiting. Never rejects. */
  flush(): Promise<void>
}

export interface HistoryOptions {
  folder: string
  clock: Clock
  signal: AbortSignal
  onError(err: unknown): void
}

export function openHistory({ folder, clock, signal, onError }: HistoryOptions): History {
  const counts = new Map<string, number>()
  let minute = 0
  let waiting: DropRecord[] = []
  let dropped = 0
  let writing: Promise<void> = Promise.resolve()
  let isPlanned = false

  const write = async () => {
    const records = waiting
    waiting = []
    if (dropped > 0) {
      const why = `${dropped} more refusals were not written down`
      records.push({ at: iso(clock), who: '-', file: '-', how: 'tftp', what: 'refused', bytes: null, whole: null, why })
      dropped = 0
    }
    if (records.length === 0) return
    try {
      await append(folder, HISTORY_FILES.equipment, records)
    } catch (err) {
      onError(err)
    }
  }
  const flush = () => {
    writing = writing.then(write)
    return writing
  }
  return {
    add: record => {
      const now = Math.floor(clock.nowMs() / MINUTE_MS)
      if (now !== minute) {
        minute = now
        counts.clear()
      }
      if (record.what === 'refused') {
        const count = (counts.get(record.who) ?? 0) + 1
        counts.set(record.who, count)
        if (count > REFUSALS_MAX || waiting.length >= BATCH_MAX) return void dropped++
      }
      waiting.push({ at: iso(clock), ...clean(record) })
      if (isPlanned) return
      isPlanned = true
      void clock.sleep(PACE_MS, signal).then(() => {
        isPlanned = false
        return flush()
      })
    },
    flush,
  }
}

/** @param files the older one, and the one that is appended to */
export async function append(folder: string, files: readonly [string, string], records: readonly DropRecord[]) {
  const [older, newer] = files.map(name => join(folder, name)) as [string, string]
  const text = records.map(record => `${asciiJson(record)}\n`).join('')
  const there = await stat(newer).catch(err => {
    if (errorCode(err) !== 'ENOENT') throw err
  })
  if (there && there.size + text.length > HISTORY_BYTES) await rename(newer, older)
  await appendFile(newer, text, { mode: 0o664 })
}

function clean<T extends Omit<DropRecord, 'at'>>(record: T): T {
  return {
    ...record,
    file: printable(record.file, 160),
    ...(record.why !== undefined && { why: printable(record.why, 160) }),
  }
}

function iso(clock: Clock): string {
  return new Date(clock.wallMs()).toISOString()
}
