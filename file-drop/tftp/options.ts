/** What is agreed with a client about one transfer (RFC 2347); pure. */

export interface Agreed {
  blockBytes: number
  /** Blocks that are sent before an answer must come. */
  window: number
  /** Milliseconds after which what was not answered is sent again. */
  repeatMs: number
  /** The block after 65535. */
  rollover: 0 | 1
  /** To be acknowledged; empty: the transfer begins without. */
  answer: Map<string, string>
}

/** RFC 1350. */
const BLOCK_BYTES = 512
/** RFC 2348: what UDP can carry. */
const BLOCK_RANGE = [8, 65_464] as const
/** Windows above this gain nothing on a link without delay, and each block is kept until it is acknowledged. */
const WINDOW_MAX = 16
const WINDOW_BYTES_MAX = 131_072
const REPEAT_MS = 1_000

/**
 * What is not known, or has no value that it may have, is not answered, as if it had not been asked for.
 * @param size bytes of a file that is read; undefined where its text is converted, or for one that is written
 */
export function agree(asked: ReadonlyMap<string, string>, kind: 'read' | 'write', size: number | undefined): Agreed {
  const agreed: Agreed = { blockBytes: BLOCK_BYTES, window: 1, repeatMs: REPEAT_MS, rollover: 0, answer: new Map() }
  const within = (name: string, [low, high]: readonly [number, number]) => {
    const text = asked.get(name) ?? ''
    return /^\d{1,16}$/.test(text) && Number(text) >= low && Number(text) <= high ? Number(text) : undefined
  }
  const blockBytes = within('blksize', [BLOCK_RANGE[0], 65_535])
  if (blockBytes !== undefined) {
    agreed.blockBytes = Math.min(blockBytes, BLOCK_RANGE[1])
    agreed.answer.set('blksize', String(agreed.blockBytes))
  }
  const timeoutS = within('timeout', [1, 255])
  if (timeoutS !== undefined) {
    agreed.repeatMs = timeoutS * 1_000
    agreed.answer.set('timeout', String(timeoutS))
  }
  const window = within('windowsize', [1, 65_535])
  if (window !== undefined) {
    agreed.window = Math.max(1, Math.min(window, WINDOW_MAX, Math.floor(WINDOW_BYTES_MAX / agreed.blockBytes)))
    agreed.answer.set('windowsize', String(agreed.window))
  }
  const rollover = within('rollover', [0, 1])
  if (rollover !== undefined) {
    agreed.rollover = rollover === 1 ? 1 : 0
    agreed.answer.set('rollover', String(rollover))
  }
  const tsize = within('tsize', [0, Number.MAX_SAFE_INTEGER])
  if (tsize !== undefined) {
    if (kind === 'write') agreed.answer.set('tsize', String(tsize))
    else if (size !== undefined) agreed.answer.set('tsize', String(size))
  }
  return agreed
}

/** The number on the wire of the block with this index; block 1 is the first. */
export function blockNumber(index: number, rollover: 0 | 1): number {
  if (index <= 0xffff) return index
  return rollover === 0 ? index & 0xffff : ((index - 1) % 0xffff) + 1
}
