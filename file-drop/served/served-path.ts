/** What equipment asks for → where that is below the read directory, or why it gets nothing; pure. */
import { UPLOAD_NAME } from '../../formats/file-drop.ts'

/** Characters of a request that are looked at. */
const MAX = 1_024

/**
 * The segments below the root of what is served. `/` and `\` part them; empty ones and `.` count for nothing.
 * @param text as it was decoded, once
 */
export function servedPath(text: string): { segments: string[] } | { why: string } {
  if (text.length > MAX) return { why: 'the name is too long' }
  if (/[\p{Cc}\uFFFD]/u.test(text)) return { why: 'the name has characters that no file here has' }
  const segments = text.split(/[/\\]/).filter(segment => segment !== '' && segment !== '.')
  if (segments.includes('..')) return { why: 'a name does not lead upwards' }
  if (segments.some(segment => segment.startsWith('.'))) return { why: 'no such file' }
  if (segments[0] === UPLOAD_NAME) return { why: 'uploads cannot be fetched' }
  return { segments }
}

/** The name of a file that is put, with the upload folder before it or without. It may still be one that no file can have. */
export function uploadName(text: string): string {
  return text.replace(/^[/\\]+/, '').replace(new RegExp(`^${UPLOAD_NAME}[/\\\\]+`), '')
}
