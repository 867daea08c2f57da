/** Puts the address of the person or device in place of HAProxy's own, where HAProxy has brought them to sshd. */
import type { HistoryEntry } from '../history.ts'
import { askJournal } from './ask-journal.ts'
import { livingSessions } from './sessions.ts'
import { haproxyPortOf, type Source, sourceOf } from './sources.ts'
import type { StatePaths } from './state-paths.ts'

/** oobm-login records whole seconds. */
const SECOND_MS = 1_000

/** As oobm-login records an address that is HAProxy's. */
const HAPROXY = /^127\.0\.0\.1:(\d{1,5})$/

/** The entries of a relay, with the addresses that HAProxy's log has. Where it has none, the address says why. */
export async function withRealAddresses(entries: HistoryEntry[], signal: AbortSignal): Promise<HistoryEntry[]> {
  // What a device says came to it by its own way.
  const portOf = ({ address, source }: HistoryEntry) => source === undefined && HAPROXY.exec(address ?? '')?.[1]
  if (!entries.some(portOf)) return entries
  const sources = await askJournal(signal)
  return entries.map(entry => {
    const port = portOf(entry)
    if (!port) return entry
    const source = sourceOf(sources, Number(port), Date.parse(entry.from ?? entry.at) + SECOND_MS)
    return {
      ...entry,
      address: 'unknown' in source ? `unknown (it came by HAProxy: ${source.unknown})` : source.address,
    }
  })
}

/** Asks for the source of a device's newest connection; undefined for a device that is not connected. */
export function deviceSource(paths: StatePaths, signal: AbortSignal): (device: string) => Promise<Source | undefined> {
  const known = new Map<number, Source>()
  return async device => {
    const connection = (await livingSessions(paths, device)).at(-1)?.connection
    if (connection === undefined) return undefined
    const port = haproxyPortOf(connection)
    if (port === undefined) return { address: connection.client.address, isWithinTls: false }
    const source = known.get(port) ?? sourceOf(await askJournal(signal), port, Date.now())
    known.set(port, source)
    return source
  }
}
