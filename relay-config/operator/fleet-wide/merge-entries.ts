/** One history from those of several relays, oldest first; pure. */
import type { HistoryEntry } from '../../relay/history.ts'

export interface RelayEntries {
  relay: string
  entries: readonly HistoryEntry[]
}

/** A device tells what happened there to each relay that it comes to: that counts once, as the relay has it that was told last. */
export function mergeEntries(said: readonly RelayEntries[]): (HistoryEntry & { relay: string })[] {
  const all = said.flatMap(({ relay, entries }) => entries.map(entry => ({ ...entry, relay })))
  const sorted = all.toSorted((a, b) => (a.at === b.at ? 0 : a.at < b.at ? -1 : 1))
  const newest = new Map(sorted.map(entry => [keyOf(entry), entry]))
  return sorted.filter(entry => newest.get(keyOf(entry)) === entry)
}

function keyOf(entry: HistoryEntry & { relay: string }): unknown {
  if (entry.source !== 'device') return entry
  if (entry.ref !== undefined) return `${entry.device} ${entry.ref}`
  const { relay: _, ...rest } = entry
  return JSON.stringify(rest)
}
