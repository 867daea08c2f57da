/**
 * Receives files by XMODEM, XMODEM-1K and YMODEM (Chuck Forsberg, "XMODEM/YMODEM Protocol Reference", 1988). lrzsz does
 * not do it here: a sender's file name reaches its fopen(3) with the folders in it, also an absolute one.
 */
import type { Wire } from './wire.ts'

export interface OfferedFile {
  /** As the sender has it: anything may be in it. Empty with XMODEM, which knows no names. */
  name: string
  /** Bytes; undefined where the sender does not say. */
  size: number | undefined
}

/** Where files go. What it returns is why not, and ends the transfer. */
export interface Incoming {
  begin(file: OfferedFile): Promise<string | undefined>
  write(bytes: Buffer): Promise<string | undefined>
  /** The file is complete. */
  end(): Promise<string | undefined>
}

export type Protocol = 'xmodem' | 'ymodem'

const SOH = 0x01
const STX = 0x02
const EOT = 0x04
const ACK = 0x06
const NAK = 0x15
const CAN = 0x18
/** Asks for blocks with a CRC instead of a checksum, which misses every 256th error. */
const WANT_CRC = 'C'.charCodeAt(0)

/** Milliseconds between two requests for the first block; some senders know only the fourth kind, NAK. */
const REQUEST_MS = 3_000
const REQUESTS = [WANT_CRC, WANT_CRC, WANT_CRC, NAK]
/** Requests that are not answered: two minutes, for a person who starts the other end. */
const REQUESTS_BOUND = 40
/** Without a further file, a sender of YMODEM may end silently after the first one. */
const NEXT_REQUESTS_BOUND = 4
/** Milliseconds for the next block, and between two bytes of one (section 7.3.2 of the reference: 10 s and 1 s). */
const BLOCK_MS = 10_000
const BYTE_MS = 1_000
/** Milliseconds of silence that end what was no block; and after EOT, which must not be a byte of a garbled block. */
const QUIET_MS = 100
/** Errors that follow one another. */
const ERRORS_BOUND = 10

type Piece =
  | { kind: 'block'; number: number; data: Buffer }
  | { kind: 'end' | 'cancelled' | 'silence' | 'broken block' | 'garbled' }

/** @returns why not all of it came; undefined when every file is complete, or when it was ended */
export async function receiveFiles(protocol: Protocol, wire: Wire, incoming: Incoming): Promise<string | undefined> {
  if (protocol === 'xmodem') return receiveOne(wire, { name: '', size: undefined }, incoming)
  for (let files = 0; ; files++) {
    const offered = await receiveHeader(wire, files > 0)
    if (wire.over.aborted) return undefined
    if (typeof offered === 'string') return offered
    if (offered.name === '') return files > 0 ? undefined : 'the target offers no file'
    const why = await receiveOne(wire, offered, incoming)
    if (why !== undefined || wire.over.aborted) return why
  }
}

/** @param isNext at least one file is complete. @returns why there is none; an empty name when there is no further one */
async function receiveHeader(wire: Wire, isNext: boolean): Promise<OfferedFile | string> {
  const none: OfferedFile = { name: '', size: undefined }
  for (let tries = 0; tries < (isNext ? NEXT_REQUESTS_BOUND : REQUESTS_BOUND); tries++) {
    answer(wire, WANT_CRC)
    const piece = await nextPiece(wire, true, REQUEST_MS)
    if (wire.over.aborted) return none
    if (piece.kind === 'cancelled') return 'the target cancelled'
    // It did not hear that the file before is complete.
    if (piece.kind === 'end') answer(wire, ACK)
    if (piece.kind !== 'block' || piece.number !== 0) continue
    const [name = '', facts = ''] = piece.data.toString('latin1').split('\0')
    answer(wire, ACK)
    const [, size] = /^(\d{1,15})/.exec(facts) ?? []
    // Some say 0 where they do not know.
    return { name, size: Number(size ?? 0) || undefined }
  }
  return isNext ? none : 'the target sent no file'
}

async function receiveOne(wire: Wire, offered: OfferedFile, incoming: Incoming): Promise<string | undefined> {
  const refusal = await incoming.begin(offered)
  wire.progress = { bytes: wire.progress.bytes, total: offered.size && wire.progress.bytes + offered.size }
  if (refusal !== undefined) return refusal
  const isNamed = offered.name !== ''
  let left = offered.size ?? Number.POSITIVE_INFINITY
  let isCrc = true
  let errors = 0
  let expected = 1
  let isBlockBroken = false
  for (let request = 0; !wire.over.aborted; ) {
    const isFirst = expected === 1
    if (isFirst) {
      const asks = isNamed ? WANT_CRC : (REQUESTS[request % REQUESTS.length] ?? NAK)
      isCrc = asks === WANT_CRC
      answer(wire, asks)
      if (++request > REQUESTS_BOUND) {
        return isBlockBroken ? `no block came whole in ${REQUESTS_BOUND} tries` : 'the target sent nothing of the file'
      }
    }
    const piece = await nextPiece(wire, isCrc, isFirst ? REQUEST_MS : BLOCK_MS)
    if (wire.over.aborted) return undefined
    isBlockBroken ||= piece.kind === 'broken block'
    if (piece.kind === 'cancelled') return 'the target cancelled'
    if (piece.kind === 'end') {
      if (isFirst && !isNamed) return 'the target ended before the first block'
      if (left > 0 && left !== Number.POSITIVE_INFINITY) return `the target ended, and ${left} bytes are missing`
      const failure = await incoming.end()
      if (failure === undefined) answer(wire, ACK)
      return failure
    }
    if (piece.kind !== 'block' || (isFirst && piece.number !== 1)) {
      // The header again: it did not hear that it came.
      if (piece.kind === 'block' && isNamed && piece.number === 0) answer(wire, ACK)
      if (!isFirst && ++errors > ERRORS_BOUND) return `no block came whole in ${ERRORS_BOUND} tries`
      if (!isFirst) answer(wire, NAK)
      continue
    }
    if (piece.number === (expected & 0xff)) {
      if (left === 0) return 'the target sends more than it announced'
      const data = piece.data.subarray(0, Math.min(piece.data.length, left))
      left -= data.length
      wire.progress = { bytes: wire.progress.bytes + data.length, total: wire.progress.total }
      const failure = await incoming.write(data)
      if (failure !== undefined) return failure
      expected++
      errors = 0
    } else if (piece.number !== ((expected - 1) & 0xff) || ++errors > ERRORS_BOUND) {
      return `the blocks are out of order: ${piece.number} came instead of ${expected & 0xff}`
    }
    answer(wire, ACK)
  }
  return undefined
}

function answer({ send }: Wire, byte: number): void {
  send(Buffer.of(byte))
}

async function nextPiece({ queue }: Wire, isCrc: boolean, waitMs: number): Promise<Piece> {
  const first = (await queue.take(1, waitMs))?.[0]
  switch (first) {
    case undefined:
      return { kind: 'silence' }
    case SOH:
    case STX: {
      const length = first === STX ? 1_024 : 128
      const block = await queue.take(2 + length + (isCrc ? 2 : 1), BYTE_MS)
      const found = block && blockIn(block, length, isCrc)
      if (found) return { kind: 'block', ...found }
      break
    }
    case EOT:
      if ((await queue.take(1, QUIET_MS)) === undefined) return { kind: 'end' }
      break
    case CAN:
      if ((await queue.take(1, BYTE_MS))?.[0] === CAN) return { kind: 'cancelled' }
      break
    default:
  }
  await queue.burst(QUIET_MS, QUIET_MS)
  return { kind: first === SOH || first === STX ? 'broken block' : 'garbled' }
}

function blockIn(block: Buffer, length: number, isCrc: boolean): { number: number; data: Buffer } | undefined {
  const [number = 0, complement = 0] = block
  const data = block.subarray(2, 2 + length)
  const isWhole = isCrc ? block.readUInt16BE(2 + length) === crc16(data) : block[2 + length] === checksum(data)
  return number + complement === 0xff && isWhole ? { number, data } : undefined
}

function checksum(data: Buffer): number {
  return data.reduce((sum, byte) => (sum + byte) & 0xff, 0)
}

/** CRC-16 with the polynomial 0x1021, beginning at 0 (CRC-16/XMODEM). */
export function crc16(data: Buffer): number {
  let crc = 0
  for (const byte of data) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff
  }
  return crc
}
