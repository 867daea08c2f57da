/** How much what a line said looks like text: whether its speed is right. Pure. */
import type { LineSettings } from './line.ts'

export interface Readable {
  bytes: number
  /** 0 to 1. */
  share: number
  /** Set where it is text only when read so: seven bits and parity, read as eight bits. */
  framing?: Pick<LineSettings, 'dataBits' | 'parity'>
}

/** Bytes that are needed for an opinion: fewer may be readable by chance. */
const ENOUGH_BYTES = 12
/** What answers a key: a prompt. It came when it was asked for, so fewer bytes are enough. */
const ENOUGH_OF_ANSWER_BYTES = 3
/** The share of text: line noise damages a character now and then. */
const ENOUGH_SHARE = 0.95

export function readable(bytes: Buffer): Readable {
  const plain = { bytes: bytes.length, share: shareOf(bytes, isText) }
  if (plain.share >= ENOUGH_SHARE || bytes.length === 0) return plain
  for (const parity of ['even', 'odd'] as const) {
    const share = shareOf(bytes, byte => isText(byte & 0x7f) && ones(byte) % 2 === (parity === 'odd' ? 1 : 0))
    if (share >= ENOUGH_SHARE) return { bytes: bytes.length, share, framing: { dataBits: 7, parity } }
  }
  return plain
}

/** @param isAnswer to a key that was sent */
export function isEnough({ bytes, share, framing }: Readable, isAnswer: boolean): boolean {
  // Half of all bytes have even parity by chance: that needs more of them.
  return share >= ENOUGH_SHARE && bytes >= (isAnswer && !framing ? ENOUGH_OF_ANSWER_BYTES : ENOUGH_BYTES)
}

function shareOf(bytes: Buffer, test: (byte: number) => boolean): number {
  return bytes.length === 0 ? 0 : bytes.filter(test).length / bytes.length
}

/** Printable ASCII, and what moves a cursor; a NUL or 0xff is what a wrong speed makes most often. */
function isText(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || [0x07, 0x08, 0x09, 0x0a, 0x0d, 0x1b].includes(byte)
}

function ones(byte: number): number {
  let count = 0
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1
  return count
}
