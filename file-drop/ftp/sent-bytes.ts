/** How many bytes have arrived at the other ends of connections, as the kernel counts them: vsftpd says nothing while it sends. */
import spawn from 'nano-spawn'
import type { Clock } from '../../runtime/clock.ts'

/** One connection of an address of ours. */
export interface SentBytes {
  localPort: number
  peer: string
  peerPort: number
  /** That the other end has acknowledged (RFC 4898, tcpEStatsAppHCThruOctetsAcked). */
  bytes: number
}

/** Milliseconds for which an answer is good: ss(8) is a process, on a board of 700 MHz. */
const GOOD_MS = 2_000
const LIMIT_MS = 5_000

/** `ESTAB 0 131072 10.9.0.1:30001 10.9.0.2:40002 cubic wscale:7,7 … bytes_acked:81920 …`, each on one line. */
const LINE = /^ESTAB\s+\d+\s+\d+\s+[0-9.]+(?:%\S+)?:(\d+)\s+([0-9.]+):(\d+)\s.*\bbytes_acked:(\d+)/

/** @param text what `ss -HtinO` says; pure */
export function sentBytesIn(text: string): SentBytes[] {
  return text.split('\n').flatMap(line => {
    const [, localPort, peer = '', peerPort, bytes] = LINE.exec(line) ?? []
    return bytes === undefined
      ? []
      : [{ localPort: Number(localPort), peer, peerPort: Number(peerPort), bytes: Number(bytes) }]
  })
}

/** @returns asks at most every two seconds; none where the kernel does not say */
export function askSentBytes(address: string, clock: Clock): () => Promise<SentBytes[]> {
  let last: { atMs: number; sent: SentBytes[] } | undefined
  return async () => {
    if (last !== undefined && clock.nowMs() - last.atMs < GOOD_MS) return last.sent
    const { stdout } = await spawn('ss', ['-HtinO', 'src', address], { timeout: LIMIT_MS }).catch(() => ({
      stdout: '',
    }))
    last = { atMs: clock.nowMs(), sent: sentBytesIn(stdout) }
    return last.sent
  }
}
