/**
 * Keeps what V8 made of a program's source, so that the next start does not compile it again. A cache that does not fit
 * is ignored: it is never the cause of a failed start.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'

/** The first line of a program, `/* HEX *\/`, tells it from every other: V8 itself compares no more than the length. */
const SOURCE_ID = /^\/\* ([0-9a-f]{64}) \*\/\n/
const CHECKSUM_BYTES = 4

/**
 * Where the cache of a program is: in a folder beside the programs, which only root can write on a device. What is
 * foreign has another name: V8 compares neither the architecture nor the source.
 * @returns undefined for a source without its first line
 */
export function codeCachePath(program: string, source: string): string | undefined {
  const id = SOURCE_ID.exec(source.slice(0, 80))?.[1]
  if (id === undefined) return undefined
  const { v8 } = process.versions
  const name = `${basename(program, '.cjs')}-${id.slice(0, 16)}-${v8}-${process.arch}`
  return join(dirname(program), 'code-cache', name)
}

/** @returns undefined when there is none, or it is damaged: V8 trusts what it is given */
export function readCodeCache(path: string): Buffer | undefined {
  let content: Buffer
  try {
    content = readFileSync(path)
  } catch {
    return undefined
  }
  const data = content.subarray(CHECKSUM_BYTES)
  if (data.length === 0 || content.readUInt32LE() !== crc32(data)) return undefined
  return data
}

/** @throws a system error; no start sees half of a cache, not even after a power cut */
export function writeCodeCache(path: string, data: Buffer): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
  const checksum = Buffer.alloc(CHECKSUM_BYTES)
  checksum.writeUInt32LE(crc32(data))
  const file = openSync(`${path}.new`, 'w', 0o644)
  try {
    writeSync(file, Buffer.concat([checksum, data]))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(`${path}.new`, path)
}
