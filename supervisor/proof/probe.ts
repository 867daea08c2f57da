/** The in-band probe: through the tunnel to the relay, into the own listener, and back to whoever answers there. */
import type { Duplex } from 'node:stream'
import { settled } from '../../runtime/waiting.ts'
import type { Connection } from '../ssh/connection.ts'

export type ProbeResult = { ok: true; tookMs: number } | { ok: false; cause: string }

export interface ProbeOptions {
  /** The listener on the relay's 127.0.0.1. */
  listener: number
  nowMs(): number
  signal: AbortSignal
}

/** With what an SSH server begins (RFC 4253, section 4.2). */
const GREETING = 'SSH-'

/**
 * Reads the first bytes behind the own listener: an SSH server there greets at once (RFC 4253, section 4.2). It says only
 * that nothing changed since the last proof: whoever answers there, a login is not tried.
 */
export async function probe(connection: Connection, { listener, nowMs, signal }: ProbeOptions): Promise<ProbeResult> {
  const startedMs = nowMs()
  const opened = await connection.open(listener, signal)
  if (!opened.ok) return { ok: false, cause: `the relay cannot open its listener ${listener}: ${opened.cause}` }
  try {
    const cause = await greets(opened.value, signal)
    if (cause !== undefined) return { ok: false, cause: `listener ${listener} ${cause}` }
    return { ok: true, tookMs: nowMs() - startedMs }
  } finally {
    opened.value.destroy()
  }
}

/**
 * Whether an SSH server greets on this stream. It is told nothing: a server that was greeted back would send its key
 * exchange too, and fill the line with it.
 * @returns what is wrong, as the end of a sentence; undefined when nothing is
 */
export async function greets(stream: Duplex, signal: AbortSignal): Promise<string | undefined> {
  let first = ''
  const isWhole = await settled(signal, false, settle => {
    stream.on('error', () => settle(false))
    stream.on('data', (bytes: Buffer) => {
      first += bytes.toString('latin1', 0, GREETING.length)
      // It may come in pieces; what cannot become a greeting any more is none.
      if (first.length >= GREETING.length || !GREETING.startsWith(first)) settle(true)
    })
    stream.once('end', () => settle(false))
    stream.once('close', () => settle(false))
  })
  if (isWhole) return first.startsWith(GREETING) ? undefined : 'leads to something that is not SSH'
  return signal.aborted
    ? 'leads nowhere: no SSH greeting came back in time'
    : 'leads nowhere: no SSH greeting came back'
}
