/** What is handed out with an image: compressed, summed, mapped, and its contents listed. */
import { createHash } from 'node:crypto'
import { createReadStream, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { VERSION } from '../../runtime/version.ts'
import { SUITE } from './base.ts'
import type { Board } from './boards.ts'
import { installedPackages } from './dpkg-status.ts'
import { osList } from './os-list.ts'
import type { Progress } from './progress.ts'
import { spdxDocument } from './sbom.ts'

/**
 * Compression → the command; xz is what every flashing program reads, zstd what a developer waits for. Blocks of one size, so that the
 * number of processors does not show in the result.
 */
export const COMPRESSIONS: Record<string, string[] | undefined> = {
  xz: ['xz', '--threads=0', '--block-size=25165824', '-6', '--keep', '--force', '--suffix=.xz'],
  zst: ['zstd', '--quiet', '--force', '--threads=0', '-10'],
  none: undefined,
}

export interface Build {
  /** Holds oobm.img and dpkg-status, and gets the rest. */
  folder: string
  name: string
  board: Board
  /** Seconds: the time of the source. */
  epochS: number
  /** A key of {@link COMPRESSIONS}. */
  compression: string
  /** Where the image will be for Raspberry Pi Imager; undefined is here. */
  url: string | undefined
}

const MIB = 2 ** 20

export async function writeOutputs(build: Build, progress: Progress, signal: AbortSignal): Promise<void> {
  const { folder, name, epochS } = build
  const image = join(folder, 'oobm.img')
  const path = (ending: string) => join(folder, `${name}.${ending}`)
  const packages = installedPackages(readFileSync(join(folder, 'dpkg-status'), 'utf8'))
  const sha256 = await sumOf(image, signal)
  writeFileSync(path('packages'), packages.map(one => `${one.name} ${one.version} ${one.arch}\n`).join(''))
  writeJson(path('spdx.json'), spdxDocument({ name, version: VERSION, sha256, epochS, suite: SUITE }, packages))
  writeFileSync(path('img.sha256'), `${sha256}  ${name}.img\n`)
  await progress.run('bmaptool', ['--quiet', 'create', '-o', path('bmap'), image], { signal })
  const size = statSync(image).size
  const made = `${packages.length} packages, ${mib(size)}`
  const command = COMPRESSIONS[build.compression]
  if (command !== undefined) {
    progress.step(`compressing ${mib(size)}`)
    const compressed = await compress(image, path(`img.${build.compression}`), command, progress, signal)
    const sum = await sumOf(compressed, signal)
    writeFileSync(`${compressed}.sha256`, `${sum}  ${basename(compressed)}\n`)
    writeList(build, { compressed, size, sha256 })
    progress.step(`${compressed}: ${made}, compressed ${mib(statSync(compressed).size)}`)
  } else {
    progress.step(`${image}: ${made}`)
  }
}

async function compress(
  image: string,
  to: string,
  [command = '', ...options]: string[],
  progress: Progress,
  signal: AbortSignal,
) {
  rmSync(to, { force: true })
  await progress.run('sh', ['-c', '"$@" --stdout "$IMAGE" >"$TO"', 'sh', command, ...options], {
    env: { IMAGE: image, TO: to },
    signal,
  })
  return to
}

function writeList(
  build: Build,
  { compressed, size, sha256 }: { compressed: string; size: number; sha256: string },
): void {
  const { imager } = build.board
  if (imager === undefined) return
  const url = build.url === undefined ? pathToFileURL(compressed).href : new URL(basename(compressed), build.url).href
  const downloadSize = statSync(compressed).size
  const list = {
    url,
    version: VERSION,
    imager,
    epochS: build.epochS,
    extractSize: size,
    extractSha256: sha256,
    downloadSize,
  }
  writeJson(join(build.folder, 'os_list.json'), osList(list))
}

async function sumOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { signal })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

function writeJson(path: string, value: object): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`)
}

function mib(bytes: number): string {
  return `${Math.ceil(bytes / MIB)} MiB`
}
