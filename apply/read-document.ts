/** Reads a file that somebody else put down: no link, no pipe, no device is opened for reading, and it is read once. */
import { constants, lstat, open } from 'node:fs/promises'
import { DOCUMENT_MAX_BYTES, documentError } from '../formats/settings-document.ts'
import { errorCode, errorMessage } from '../runtime/errors.ts'

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants

/**
 * Copies it into memory: whoever changes the file afterwards changes nothing here.
 * @param name how messages call it
 * @throws ConfigurationError when it is not a regular file of an allowed size, or cannot be read
 */
export async function readDocument(path: string | Buffer, name: string): Promise<Buffer> {
  try {
    // To open a device may already do something.
    const kind = kindOf(await lstat(path))
    if (kind !== undefined) throw documentError(name, kind)
    const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
    try {
      const stat = await file.stat()
      const now = kindOf(stat)
      if (now !== undefined) throw documentError(name, now)
      if (stat.size > DOCUMENT_MAX_BYTES) throw tooLarge(name, stat.size)
      // One byte more than allowed: it may grow while it is read.
      const bytes = Buffer.alloc(DOCUMENT_MAX_BYTES + 1)
      let length = 0
      for (;;) {
        const { bytesRead } = await file.read(bytes, length, bytes.length - length)
        length += bytesRead
        if (bytesRead === 0) return bytes.subarray(0, length)
        if (length > DOCUMENT_MAX_BYTES) throw tooLarge(name, length)
      }
    } finally {
      await file.close()
    }
  } catch (err) {
    if (errorCode(err) === 'ELOOP') throw documentError(name, 'is a symbolic link')
    if (errorCode(err) === undefined) throw err
    throw documentError(name, `cannot be read: ${errorMessage(err)}`)
  }
}

function tooLarge(name: string, size: number) {
  return documentError(name, `has ${size} bytes; a settings document has at most ${DOCUMENT_MAX_BYTES}`)
}

type Stat = Awaited<ReturnType<typeof lstat>>

/** @returns what it is, as the rest of a sentence; undefined for a regular file */
function kindOf(stat: Stat): string | undefined {
  if (stat.isFile()) return undefined
  if (stat.isSymbolicLink()) return 'is a symbolic link'
  if (stat.isDirectory()) return 'is a directory'
  if (stat.isFIFO()) return 'is a pipe'
  if (stat.isSocket()) return 'is a socket'
  return 'is a device'
}
