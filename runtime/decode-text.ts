/** The bytes of a file that somebody saved on a PC, as text; pure. */
import { ConfigurationError } from './errors.ts'

const SAVE_AS =
  'open it with a plain text editor (Windows: Notepad, macOS: TextEdit in plain text) and save it as UTF-8'

/**
 * UTF-8, with or without a byte order mark, and UTF-16, which Notepad and PowerShell call Unicode; any line ends.
 * @throws ConfigurationError when it is no text
 */
export function decodeText(file: string, bytes: Uint8Array): string {
  return decodeAsWritten(file, bytes)
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n')
}

/** The same with its byte order mark and its line ends, for who writes it back. */
export function decodeAsWritten(file: string, bytes: Uint8Array): string {
  const fail = (message: string, line?: number): never => {
    throw new ConfigurationError(file, [{ line, key: '', message }])
  }
  if (bytes.every(byte => byte === 0))
    fail('is empty: the copy was not finished; copy it again, and eject a card before taking it out')
  if (startsWith(bytes, '{\\rtf') || startsWith(bytes, 'PK\x03\x04') || startsWith(bytes, '\xd0\xcf\x11\xe0'))
    fail(`was saved by a word processor: ${SAVE_AS}`)
  const encoding = encodingOf(bytes)
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return fail(`has a character that is not UTF-8: ${SAVE_AS}`, lineOfBadByte(bytes))
  }
}

function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  // Without a mark: the first character of a TOML file is ASCII, so one of two bytes is 0.
  if (second === 0) return 'utf-16le'
  return first === 0 ? 'utf-16be' : 'utf-8'
}

function lineOfBadByte(bytes: Uint8Array): number | undefined {
  const lines = Buffer.from(bytes).toString('utf8').split('\n')
  const at = lines.findIndex(line => line.includes('\ufffd'))
  return at < 0 ? undefined : at + 1
}

function startsWith(bytes: Uint8Array, magic: string): boolean {
  return Buffer.from(bytes.subarray(0, magic.length)).toString('latin1') === magic
}
