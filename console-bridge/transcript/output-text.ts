/**
 * Output as text of one line, and back; pure. Printable UTF-8 stands as it is, a backslash as `\\`, every other byte as `\xNN`,
 * and `\+NNN;` means that NNN milliseconds passed between what is before it and what is after it.
 *
 * Texts in here are "binary" strings: one character for each byte of the file.
 */
import { isUtf8 } from 'node:buffer'

/** Output that arrived together. */
export interface Chunk {
  /** Milliseconds after the chunk before; for the first one, after the time of the record. */
  afterMs: number
  bytes: Buffer
}

const PLAIN = /^[ -[\]-~]*$/
const ESCAPED = /[^ -[\]-~]/g
const NO_ASCII = new RegExp(ESCAPED, 'gu')
/** What is escaped inside of lines. */
const INSIDE = /[^ -[\]-~\r\n]|\r(?!\n)/
const INSIDE_ALL = new RegExp(INSIDE, 'g')
const INSIDE_CHARACTERS = new RegExp(INSIDE, 'gu')
/** Besides control characters: what hides, or turns the direction of the text after it, or ends a line for some programs. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u
const MARK = /\\(?:\\|x([0-9a-f]{2})|\+(\d+);)/g

/** For output of any kind, also half characters. */
export function textOf(bytes: Buffer): string {
  const binary = bytes.toString('latin1')
  if (PLAIN.test(binary)) return binary
  if (!HIGH.test(binary)) return binary.replace(ESCAPED, escapeByte)
  return isUtf8(bytes) ? textOfCharacters(bytes.toString('utf8')) : textOfMixed(bytes)
}

/**
 * The text of whole lines, many at once.
 * @param head what each begins with
 * @returns with a newline after each; undefined where bytes are in it that are no characters
 */
export function textOfLines(bytes: Buffer, head: string): string | undefined {
  const binary = bytes.toString('latin1')
  if (!HIGH.test(binary)) return beginLines(INSIDE.test(binary) ? binary.replace(INSIDE_ALL, escapeByte) : binary, head)
  if (!isUtf8(bytes)) return undefined
  const text = bytes.toString('utf8').replace(INSIDE_CHARACTERS, escapeCharacter)
  return beginLines(Buffer.from(text).toString('latin1'), head)
}

/** How many bytes at the end begin a UTF-8 character that is not complete. */
export function unfinishedBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number
    if (byte < 0x80) return 0
    if (byte >= 0xc2) return back < lengthOf(byte) ? back : 0
  }
  return 0
}

/** A pause between two chunks. */
export function pauseText(ms: number): string {
  return `\\+${Math.round(ms)};`
}

/** What is no escape sequence of ours stands for itself. */
export function* chunksOf(text: string): Generator<Chunk> {
  let afterMs = 0
  let part = ''
  let at = 0
  for (const found of text.matchAll(MARK)) {
    const [whole, hex, pause] = found
    part += text.slice(at, found.index)
    at = found.index + whole.length
    if (pause === undefined) {
      part += hex === undefined ? '\\' : String.fromCharCode(Number.parseInt(hex, 16))
      continue
    }
    if (part !== '') {
      yield { afterMs, bytes: Buffer.from(part, 'latin1') }
      part = ''
      afterMs = 0
    }
    afterMs += Number(pause)
  }
  part += text.slice(at)
  if (part !== '') yield { afterMs, bytes: Buffer.from(part, 'latin1') }
}

/** The bytes of the target, without times. */
export function bytesOf(text: string): Buffer {
  if (!text.includes('\\')) return Buffer.from(text, 'latin1')
  return Buffer.from(text.replace(MARK, plainOf), 'latin1')
}

const HIGH = /[^\x00-\x7f]/

function plainOf(_: string, hex: string | undefined, pause: string | undefined): string {
  if (pause !== undefined) return ''
  return hex === undefined ? '\\' : String.fromCharCode(Number.parseInt(hex, 16))
}

function escapeByte(char: string): string {
  return char === '\\' ? '\\\\' : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
}

function textOfCharacters(text: string): string {
  return Buffer.from(text.replace(NO_ASCII, escapeCharacter)).toString('latin1')
}

/** Asked only about what is not printable ASCII: the classes of Unicode are slow. */
function escapeCharacter(character: string): string {
  if (character.length === 1 && character < '\x7f') return escapeByte(character)
  if (!UNPRINTABLE.test(character)) return character
  return Buffer.from(character)
    .toString('latin1')
    .replace(/[\s\S]/g, escapeByte)
}

function beginLines(text: string, head: string): string {
  const [long, short] = [`\\x0d\\x0a\n${head}`, `\\x0a\n${head}`]
  const lines = text.replace(/\r?\n/g, end => (end.length === 2 ? long : short))
  return head + lines.slice(0, lines.length - head.length)
}

/** Characters where there are some, and other bytes between them. */
function textOfMixed(bytes: Buffer): string {
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const length = characterAt(bytes, at)
    const end = at + Math.max(1, length)
    const piece = bytes.subarray(at, end)
    text +=
      length > 1 ? textOfCharacters(piece.toString('utf8')) : piece.toString('latin1').replace(ESCAPED, escapeByte)
    at = end
  }
  return text
}

/** The length of the UTF-8 character at `at`; 0 when there is none. */
function characterAt(bytes: Buffer, at: number): number {
  const length = lengthOf(bytes[at] as number)
  return at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0
}

function lengthOf(first: number): number {
  return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1
}
