/** Takes one file by TFTP. */
import type { Clock } from '../../runtime/clock.ts'
import { type Upload, UploadRefused } from '../served/receive-upload.ts'
import type { End } from '../transfers.ts'
import { FromNetascii } from './netascii.ts'
import { type Agreed, blockNumber } from './options.ts'
import { ackPacket, oackPacket, TFTP_ERROR } from './packets.ts'
import type { Peer } from './peer.ts'
import { REPEAT_MAX_MS, SILENCE_MS } from './send-file.ts'

/** Milliseconds for which a client whose last acknowledgement was lost gets it again (RFC 1350, section 6). */
const DALLY_MS = 5_000

export interface TakeOptions {
  peer: Peer
  upload: Upload
  isText: boolean
  agreed: Agreed
  clock: Clock
  signal: AbortSignal
  onBytes(bytes: number): void
  /** When the file is kept, and under which name, before the wait for a client that did not hear it. */
  onKept(name: string): void
}

/** @throws what the file or the socket says */
export async function takeFile(options: TakeOptions): Promise<End> {
  const { peer, upload, isText, agreed, clock, signal, onBytes } = options
  const { blockBytes, window, rollover } = agreed
  const text = isText ? new FromNetascii() : undefined
  let received = 0
  let heardMs = clock.nowMs()
  let repeatMs = agreed.repeatMs
  let unanswered = 0
  const answer = () => {
    unanswered = 0
    peer.send(
      received === 0 && agreed.answer.size > 0 ? oackPacket(agreed.answer) : ackPacket(blockNumber(received, rollover)),
    )
  }
  answer()
  while (!signal.aborted) {
    const leftMs = heardMs + SILENCE_MS - clock.nowMs()
    if (leftMs <= 0) return { whole: false, why: `nothing came for ${SILENCE_MS / 1_000} s` }
    const packet = await peer.next(Math.min(repeatMs, leftMs))
    if (signal.aborted) break
    if (packet === undefined) {
      repeatMs = Math.min(repeatMs * 2, Math.max(REPEAT_MAX_MS, agreed.repeatMs))
      answer()
      continue
    }
    if (packet.kind === 'error')
      return { whole: false, why: `the client ended it: ${packet.message || `error ${packet.code}`}` }
    if (packet.kind !== 'data') continue
    if (packet.bytes.length > blockBytes) {
      peer.sendError(TFTP_ERROR.illegal, `a block has ${blockBytes} bytes at the most`)
      return { whole: false, why: 'a block was too large' }
    }
    if (packet.block !== blockNumber(received + 1, rollover)) {
      // Sent again, as its acknowledgement was lost; or one of a window is missing.
      if (window > 1 || packet.block === blockNumber(received, rollover)) answer()
      continue
    }
    const isLast = packet.bytes.length < blockBytes
    let kept = ''
    try {
      await upload.write(text ? text.take(packet.bytes) : packet.bytes)
      if (isLast) {
        if (text) await upload.write(text.rest())
        kept = await upload.keep()
      }
    } catch (err) {
      if (!(err instanceof UploadRefused)) throw err
      peer.sendError(TFTP_ERROR.full, err.message)
      return { whole: false, why: err.message }
    }
    received++
    unanswered++
    heardMs = clock.nowMs()
    repeatMs = agreed.repeatMs
    onBytes(packet.bytes.length)
    if (isLast) {
      answer()
      options.onKept(kept)
      await dally(peer, blockNumber(received, rollover), clock, signal)
      return { whole: true }
    }
    if (unanswered >= window) answer()
  }
  return { whole: false, why: 'the service ended' }
}

async function dally(peer: Peer, last: number, clock: Clock, signal: AbortSignal): Promise<void> {
  const untilMs = clock.nowMs() + DALLY_MS
  for (let leftMs = DALLY_MS; leftMs > 0 && !signal.aborted; leftMs = untilMs - clock.nowMs()) {
    const packet = await peer.next(leftMs)
    if (packet?.kind === 'data' && packet.block === last) peer.send(ackPacket(last))
  }
}
