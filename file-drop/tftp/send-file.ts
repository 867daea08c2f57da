/** Sends one file by TFTP: blocks in windows (RFC 7440), each sent again until it is acknowledged. */
import type { FileHandle } from 'node:fs/promises'
import type { Clock } from '../../runtime/clock.ts'
import type { End } from '../transfers.ts'
import { toNetascii } from './netascii.ts'
import { type Agreed, blockNumber } from './options.ts'
import { dataPacket, oackPacket } from './packets.ts'
import type { Peer } from './peer.ts'

/** Milliseconds without an acknowledgement of anything new after which a client is gone. */
export const SILENCE_MS = 30_000
/** Milliseconds between two repetitions at the most. */
export const REPEAT_MAX_MS = 8_000
const CHUNK_BYTES = 65_536

export interface SendOptions {
  peer: Peer
  handle: FileHandle
  isText: boolean
  agreed: Agreed
  clock: Clock
  signal: AbortSignal
  onBytes(bytes: number): void
}

/** @throws what the file or the socket says */
export async function sendFile({ peer, handle, isText, agreed, clock, signal, onBytes }: SendOptions): Promise<End> {
  const { blockBytes, window, rollover } = agreed
  const blocks = blocksOf(handle, isText, blockBytes)
  /** Sent and not acknowledged; the first is `acknowledged + 1`. */
  const open: Buffer[] = []
  let acknowledged = agreed.answer.size > 0 ? -1 : 0
  let isLast = false
  let heardMs = clock.nowMs()
  let repeatMs = agreed.repeatMs

  const sendOpen = () => {
    if (acknowledged < 0) return peer.send(oackPacket(agreed.answer))
    for (const [at, bytes] of open.entries()) peer.send(dataPacket(blockNumber(acknowledged + 1 + at, rollover), bytes))
  }
  const fill = async () => {
    while (open.length < window && !isLast) {
      const block = await blocks()
      open.push(block)
      isLast = block.length < blockBytes
    }
  }
  /** How many of the open blocks this number acknowledges; undefined for an old or a foreign one. */
  const reach = (block: number) => {
    for (let count = open.length; count >= 1; count--)
      if (blockNumber(acknowledged + count, rollover) === block) return count
    return undefined
  }

  if (acknowledged === 0) await fill()
  sendOpen()
  while (!signal.aborted) {
    const leftMs = heardMs + SILENCE_MS - clock.nowMs()
    if (leftMs <= 0) return { whole: false, why: `no answer for ${SILENCE_MS / 1_000} s` }
    const packet = await peer.next(Math.min(repeatMs, leftMs))
    if (signal.aborted) break
    if (packet === undefined) {
      repeatMs = Math.min(repeatMs * 2, Math.max(REPEAT_MAX_MS, agreed.repeatMs))
      sendOpen()
      continue
    }
    if (packet.kind === 'error')
      return { whole: false, why: `the client ended it: ${packet.message || `error ${packet.code}`}` }
    if (packet.kind !== 'ack') continue
    if (acknowledged < 0) {
      if (packet.block !== 0) continue
      acknowledged = 0
    } else {
      const count = reach(packet.block)
      // Never answered: two of each packet would go round for ever (RFC 1123, section 4.2.3.1).
      if (count === undefined) {
        // Within a window, it says that the next one was lost.
        if (window > 1 && packet.block === blockNumber(acknowledged, rollover) && acknowledged > 0) sendOpen()
        continue
      }
      acknowledged += count
      for (const bytes of open.splice(0, count)) onBytes(bytes.length)
    }
    heardMs = clock.nowMs()
    repeatMs = agreed.repeatMs
    if (isLast && open.length === 0) return { whole: true }
    await fill()
    sendOpen()
  }
  return { whole: false, why: 'the service ended' }
}

/** The next block at each call; one that is not full is the last. */
function blocksOf(handle: FileHandle, isText: boolean, blockBytes: number): () => Promise<Buffer> {
  let ready: Buffer = Buffer.alloc(0)
  let position = 0
  let isOver = false
  return async () => {
    while (ready.length < blockBytes && !isOver) {
      const chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, blockBytes))
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, position)
      position += bytesRead
      isOver = bytesRead === 0
      const bytes = chunk.subarray(0, bytesRead)
      ready = Buffer.concat([ready, isText ? toNetascii(bytes) : bytes])
    }
    const block = ready.subarray(0, blockBytes)
    ready = ready.subarray(block.length)
    return block
  }
}
