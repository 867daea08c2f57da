/** The in-band probe: through the tunnel to the relay, into the own listener, and back to whoever answers there. */
import type { Client, ClientChannel } from 'ssh2'
import { errorMessage } from '../../runtime/errors.ts'

export type ProbeResult = { ok: true; tookMs: number } | { ok: false; cause: string }

export interface ProbeOptions {
  /** The listener on the relay's 127.0.0.1. */
  listener: number
  nowMs(): number
  signal: AbortSignal
}

/**
 * Reads the first bytes behind the own listener: an SSH server there greets at once (RFC 4253, section 4.2). It says
 * nothing itself: a server that was greeted back would send its key exchange too, and fill the line with it.
 */
export async function probe(client: Client, { listener, nowMs, signal }: ProbeOptions): Promise<ProbeResult> {
  const startedMs = nowMs()
  const opened = await openListener(client, listener, signal)
  if ('cause' in opened) return { ok: false, cause: opened.cause }
  const { channel } = opened
  try {
    const first = await firstBytes(channel, signal)
    if (first === undefined) return { ok: false, cause: `listener ${listener} leads nowhere: no greeting came back` }
    if (!first.startsWith('SSH-'))
      return { ok: false, cause: `listener ${listener} leads to something that is not SSH` }
    return { ok: true, tookMs: nowMs() - startedMs }
  } finally {
    discard(channel)
  }
}

/** Closes a channel for good: ssh2 lets go of one only when both ends said so and everything received was read. */
export function discard(channel: ClientChannel): void {
  channel.once('end', () => channel.end())
  channel.resume()
  channel.destroy()
}

/** A direct-tcpip channel (RFC 4254, section 7.2) from the relay into the own listener. */
export function openListener(
  client: Client,
  listener: number,
  signal: AbortSignal,
): Promise<{ channel: ClientChannel } | { cause: string }> {
  return new Promise(resolve => {
    const onAbort = () => resolve({ cause: 'the relay does not answer in time' })
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      client.forwardOut('127.0.0.1', 0, '127.0.0.1', listener, (err, channel) => {
        signal.removeEventListener('abort', onAbort)
        if (err) return resolve({ cause: `the relay cannot open its listener ${listener}: ${errorMessage(err)}` })
        channel.on('error', () => {})
        if (signal.aborted) discard(channel)
        resolve({ channel })
      })
    } catch (err) {
      // ssh2 throws "Not connected" from here rather than through the callback.
      resolve({ cause: `the connection to the relay ended: ${errorMessage(err)}` })
    }
  })
}

function firstBytes(channel: ClientChannel, signal: AbortSignal): Promise<string | undefined> {
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
    channel.once('data', (bytes: Buffer) => resolve(bytes.toString('latin1')))
    channel.once('end', () => resolve(undefined))
    channel.once('close', () => resolve(undefined))
  })
}
