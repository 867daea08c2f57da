/** The part of a file that a client asks for (RFC 9110, section 14); pure. */

export type ByteRange = { kind: 'all' } | { kind: 'part'; start: number; end: number } | { kind: 'outside' }

/**
 * @param header the header Range; several ranges in one, and units other than bytes, get all of it, as the RFC allows
 * @returns with `end` being the last byte that is sent
 */
export function byteRange(header: string | undefined, size: number): ByteRange {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? []
  if (first === '' && last === '') return { kind: 'all' }
  if (first === '') {
    const count = Math.min(Number(last), size)
    return count === 0 ? { kind: 'outside' } : { kind: 'part', start: size - count, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return { kind: 'all' }
  return start >= size ? { kind: 'outside' } : { kind: 'part', start, end }
}
