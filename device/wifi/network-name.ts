/** Names of Wi-Fi networks: 1 to 32 bytes of anything, which others choose; pure. */
import { printable } from '../../runtime/printable.ts'

const LETTERS: Readonly<Record<string, number>> = { n: 0x0a, r: 0x0d, t: 0x09, e: 0x1b, '"': 0x22, '\\': 0x5c }

/** The bytes of a name as wpa_supplicant writes it, `B\xc3\xbcro` or `\"` (printf_encode() in its source). */
export function nameBytes(escaped: string): Buffer {
  const bytes = escaped.replace(/\\(?:x([0-9a-fA-F]{2})|([nrte"\\]))/g, (_, digits, letter) =>
    String.fromCharCode(digits === undefined ? (LETTERS[letter] ?? 0) : Number.parseInt(digits, 16)),
  )
  return Buffer.from(bytes, 'latin1')
}

/** The name as text; undefined where it is no UTF-8: no configuration can name that network. */
export function nameText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** The name for a terminal, in quotes: what a terminal would obey, or would not show, is escaped byte by byte. */
export function shownName(name: Uint8Array | string): string {
  const bytes = Buffer.from(name)
  if (bytes.every(byte => byte === 0)) return '(hidden)'
  const text = nameText(bytes)
  if (text === undefined)
    return `"${[...bytes].map(byte => (byte > 0x1f && byte < 0x7f ? chr(byte) : hex(byte))).join('')}"`
  return `"${[...text].map(character => (printable(character) === character ? character : escaped(character))).join('')}"`
}

function escaped(character: string): string {
  return [...Buffer.from(character)].map(hex).join('')
}

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}

function chr(byte: number): string {
  return String.fromCharCode(byte)
}
