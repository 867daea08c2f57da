/** What a UART reads of a wire that another one drives at another speed, computed bit by bit. */

export interface Framing {
  dataBits: 7 | 8
  parity: 'none' | 'even' | 'odd'
}

const EIGHT_N_ONE: Framing = { dataBits: 8, parity: 'none' }

/**
 * @param sent with one stop bit, one byte right after the other
 * @returns the bytes that a receiver with 8N1 gets, those with a wrong stop bit too, as a driver hands them on
 */
export function resample(sent: Buffer, fromBaud: number, toBaud: number, framing = EIGHT_N_ONE): Buffer {
  const wire = [...sent].flatMap(byte => bitsOf(byte, framing))
  const level = (at: number) => wire[Math.floor(at)] ?? 1
  /** A bit of the receiver, in bits of the sender. */
  const bit = fromBaud / toBaud
  const received: number[] = []
  for (let at = 0; at < wire.length; ) {
    const start = nextFall(wire, at)
    if (start === undefined) break
    if (level(start + bit / 2) === 1) {
      at = start + 1
      continue
    }
    let byte = 0
    for (let index = 0; index < 8; index++) byte |= level(start + (1.5 + index) * bit) << index
    received.push(byte)
    at = start + 9.5 * bit
  }
  return Buffer.from(received)
}

function bitsOf(byte: number, { dataBits, parity }: Framing): number[] {
  const data = Array.from({ length: dataBits }, (_, index) => (byte >> index) & 1)
  const ones = data.filter(Boolean).length
  const check = parity === 'none' ? [] : [(ones % 2) ^ (parity === 'odd' ? 1 : 0)]
  return [0, ...data, ...check, 1]
}

/** Where the line next goes from high to low; at the very beginning, it was high. */
function nextFall(wire: readonly number[], from: number): number | undefined {
  for (let index = Math.ceil(from); index < wire.length; index++) {
    if (wire[index] === 0 && (wire[index - 1] ?? 1) === 1) return index
  }
  return undefined
}
