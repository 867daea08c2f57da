/** Where connections come from that reach sshd by way of HAProxy, by the lines of HAProxy's log; pure. */
import { INNER_SSHD_PORT } from '../../fleet/fleet-schema.ts'
import type { SshConnection } from './sessions.ts'

/** A source, from the moment at which HAProxy reached sshd for it. */
interface Seen {
  atMs: number
  address: string
  isWithinTls: boolean
}

/** By HAProxy's port towards sshd: what was seen there, oldest first. */
export type Sources = ReadonlyMap<number, readonly Seen[]>

/** An address, or the reason why it is not known, as a part of a sentence. */
export type Source = { address: string; isWithinTls: boolean } | { unknown: string }

/** `1764187424.130250 haproxy[719]: 192.0.2.7:39292 by 127.0.0.1:47118 within TLS`: journalctl's short-unix, and haproxy-config.ts. */
const LINE = /^(\d{1,11}\.\d{1,6}) \S{1,80}: ([0-9A-Fa-f.:]{2,45}):\d{1,5} by 127\.0\.0\.1:(\d{1,5})( within TLS)?$/

/** @param text of {@link JOURNAL_ARGS} */
export function parseSources(text: string): Sources {
  const sources = new Map<number, Seen[]>()
  for (const line of text.split('\n')) {
    const [, at, address = '', port, tls] = LINE.exec(line) ?? []
    if (at === undefined) continue
    const seen = sources.get(Number(port)) ?? []
    seen.push({ atMs: Math.floor(Number(at) * 1000), address, isWithinTls: tls !== undefined })
    sources.set(Number(port), seen)
  }
  return sources
}

/** @param port of HAProxy towards sshd, on a connection that was open at `atMs`: the last one seen there before then is that one */
export function sourceOf(sources: Sources | { unknown: string }, port: number, atMs: number): Source {
  if ('unknown' in sources) return sources
  const seen = sources.get(port)?.findLast(one => one.atMs <= atMs)
  return seen ?? { unknown: 'the journal no longer has it' }
}

/** HAProxy's port towards sshd; undefined for a connection that came to sshd directly. */
export function haproxyPortOf({ client, server }: SshConnection): number | undefined {
  return client.address === '127.0.0.1' && server.port === INNER_SSHD_PORT ? client.port : undefined
}
