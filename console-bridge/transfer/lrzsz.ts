/** How lrzsz is called for a transfer, and what it says of its progress. Pure. */

export interface TransferKind {
  direction: 'send' | 'receive'
  /** Blocks of 1024 bytes. */
  isLong: boolean
}

/** @param file its name in the working directory */
export function lrzszCommand({ direction, isLong }: TransferKind, file: string): [string, ...string[]] {
  if (direction === 'send') return ['sx', '-vv', ...(isLong ? ['-k'] : []), file]
  // -c asks for the CRC instead of the checksum, which misses every 256th error; a sender without it gets its way.
  return ['rx', '-vv', '-c', file]
}

/** @param said the newest output of a sender. @returns bytes that it sent, to the kilobyte */
export function sentBytesOf(said: string): number | undefined {
  const last = [...said.matchAll(/kbytes sent: *\d+\/ *(\d+)k/g)].at(-1)
  return last && Number(last[1]) * 1_024
}
