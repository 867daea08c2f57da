/** Reads a file that a person brought, from a PC or a pipe. */
import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { decodeText } from './decode-text.ts'
import { EXIT, type ExitCode, errorCode, UserError } from './errors.ts'

/**
 * @param path `-` is standard input
 * @throws UserError when it cannot be read; ConfigurationError when it is no text
 */
export async function readTextFile(path: string, exitCode: ExitCode = EXIT.usage): Promise<string> {
  return decodeText(nameOf(path), await readBytes(path, exitCode))
}

/** For whoever decodes it otherwise, or looks at the bytes. */
export async function readBytes(path: string, exitCode: ExitCode = EXIT.usage): Promise<Uint8Array> {
  try {
    return await (path === '-' ? buffer(process.stdin) : readFile(path))
  } catch (err) {
    throw new UserError(`cannot read ${nameOf(path)} (${errorCode(err)})`, exitCode, { cause: err })
  }
}

/** How messages call it. */
export function nameOf(path: string): string {
  return path === '-' ? 'standard input' : path
}
