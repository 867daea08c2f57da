/** The first partition of a card as any PC sees it: files on FAT. */
import { type Finished, runProgram } from '../../testbed/run-program.ts'
import { partition, partitionIn, readAt } from './card.ts'

const CHUNK_BYTES = 4 * 1024 * 1024

export interface Fat {
  /** The card's file. */
  readonly path: string
  /** Names in its root. */
  list(): Promise<string[]>
  /** @returns undefined when there is no such file */
  read(name: string): Promise<string | undefined>
  write(name: string, content: string | Buffer): Promise<void>
  /** Whether these bytes are anywhere on it, in files or in what is left of them. */
  contains(text: string): Promise<boolean>
}

/** @param path a card that is in no machine at the moment */
export async function fatOf(path: string): Promise<Fat> {
  const { startBytes, sizeBytes } = await partition(path, 1)
  const { fat } = await partitionIn(path, 1)
  const env = { MTOOLS_SKIP_CHECK: '1' }
  const must = async (result: Promise<Finished>): Promise<string> => {
    const { code, stdout, stderr } = await result
    if (code !== 0) throw new Error(`mtools: ${stderr}`)
    return stdout
  }
  return {
    path,
    list: async () =>
      (await must(runProgram('mdir', ['-i', fat, '-b', '-a', '::'], { env })))
        .split('\n')
        .filter(line => line !== '')
        .map(line => line.replace(/^::\/?/, '')),
    read: async name => {
      const { code, stdout } = await runProgram('mtype', ['-i', fat, `::${name}`], { env })
      return code === 0 ? stdout : undefined
    },
    write: async (name, content) => {
      const input = Buffer.from(content).toString('base64')
      await must(runProgram('sh', ['-c', `base64 -d | mcopy -o -i '${fat}' - '::${name}'`], { env, input }))
    },
    contains: async text => {
      const needle = Buffer.from(text)
      for (let at = 0; at < sizeBytes; at += CHUNK_BYTES) {
        const length = Math.min(CHUNK_BYTES + needle.length, sizeBytes - at)
        if (readAt(path, startBytes + at, length).includes(needle)) return true
      }
      return false
    },
  }
}
