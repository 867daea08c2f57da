/** The card: a copy of the image in the size that an emulated card must have, and the FAT partition as any PC sees it. */
import { copyFile, open, stat, truncate } from 'node:fs/promises'
import { type Finished, runProgram } from '../../testbed/run-program.ts'

const SECTOR_BYTES = 512
/** Byte offset of the partition table's first entry, and of its first sector in it (a protective limit of the MBR's layout). */
const FIRST_ENTRY = 446
const ENTRY_FIRST_SECTOR = 8

export interface Card {
  readonly path: string
  /** Bytes: a power of two, as QEMU's card reader demands. */
  readonly sizeBytes: number
  /** Names in the FAT partition's root. */
  list(): Promise<string[]>
  /** @returns undefined when there is no such file */
  read(name: string): Promise<string | undefined>
  write(name: string, content: string | Buffer): Promise<void>
  /** Whether these bytes are anywhere on the FAT partition, in files or in what is left of them. */
  fatContains(text: string): Promise<boolean>
}

/** Flashes a card: copies the image, and lets the rest of the card be empty. */
export async function flash(image: string, path: string, atLeastBytes: number): Promise<Card> {
  await copyFile(image, path)
  const wanted = Math.max(atLeastBytes, (await stat(image)).size)
  const sizeBytes = 2 ** Math.ceil(Math.log2(wanted))
  await truncate(path, sizeBytes)
  const { offset, length } = await fatPartition(path)
  const volume = `${path}@@${offset}`
  const mtools = async (program: string, args: string[], input?: string): Promise<Finished> =>
    runProgram(program, ['-i', volume, ...args], {
      env: { MTOOLS_SKIP_CHECK: '1' },
      ...(input === undefined ? {} : { input }),
    })
  const must = async (result: Promise<Finished>): Promise<string> => {
    const { code, stdout, stderr } = await result
    if (code !== 0) throw new Error(`mtools: ${stderr}`)
    return stdout
  }
  return {
    path,
    sizeBytes,
    list: async () =>
      (await must(mtools('mdir', ['-b', '-a', '::'])))
        .split('\n')
        .filter(line => line !== '')
        .map(line => line.replace(/^::\/?/, '')),
    read: async name => {
      const { code, stdout } = await mtools('mtype', [`::${name}`])
      return code === 0 ? stdout : undefined
    },
    write: async (name, content) => {
      const bytes = Buffer.from(content)
      const child = runProgram('sh', ['-c', `base64 -d | mcopy -o -i '${volume}' - '::${name}'`], {
        env: { MTOOLS_SKIP_CHECK: '1' },
        input: bytes.toString('base64'),
      })
      await must(child)
    },
    fatContains: async text => {
      const file = await open(path)
      try {
        const needle = Buffer.from(text)
        const chunk = Buffer.alloc(4 * 1024 * 1024 + needle.length)
        for (let at = 0; at < length; at += 4 * 1024 * 1024) {
          const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, length - at), offset + at)
          if (chunk.subarray(0, bytesRead).includes(needle)) return true
        }
        return false
      } finally {
        await file.close()
      }
    },
  }
}

/** Bytes, from the partition table's first entry. */
async function fatPartition(path: string): Promise<{ offset: number; length: number }> {
  const file = await open(path)
  try {
    const entry = Buffer.alloc(16)
    await file.read(entry, 0, 16, FIRST_ENTRY)
    const sectors = { first: entry.readUInt32LE(ENTRY_FIRST_SECTOR), count: entry.readUInt32LE(ENTRY_FIRST_SECTOR + 4) }
    return { offset: sectors.first * SECTOR_BYTES, length: sectors.count * SECTOR_BYTES }
  } finally {
    await file.close()
  }
}
