/** The tree that a stage begins with: Debian's packages as Debian has them today, kept until Debian has others. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage, UserError } from '../../runtime/errors.ts'
import type { Progress } from './progress.ts'

/** Debian 13. A suite by itself: mmdebstrap knows Debian's own archive for it, with its security updates. */
export const SUITE = 'trixie'
const COMPONENTS = 'main,non-free-firmware'
/** One time for everything in it, so that a base made today and one made tomorrow of the same packages are the same (seconds). */
export const BASE_EPOCH_S = 1754697600
const RETRY_MS = [30_000, 120_000]
/** What a file is called that is not complete. */
const PART = '.part-'
const MIRROR_IN_MOTION = /mirror sync in progress|hash sum mismatch|unexpected size/i

export interface BaseRequest {
  name: string
  arch: string
  variant: 'apt' | 'essential'
  packages: string[]
  qemuCpu?: string | undefined
  /** Takes one that is there, whatever Debian has today. */
  keep?: boolean
  /** Milliseconds before each further attempt, where a mirror is being updated. */
  retryMs?: number[]
}

/**
 * Makes it, or takes the one of before: of the same packages, and of an archive that did not change since.
 * @param folder where they are kept
 * @returns the path of a tar file
 */
export async function provideBase(
  folder: string,
  request: BaseRequest,
  progress: Progress,
  signal: AbortSignal,
): Promise<string> {
  const { arch, variant, packages } = request
  const key = createHash('sha256')
    .update(JSON.stringify([SUITE, COMPONENTS, BASE_EPOCH_S, arch, variant, packages]))
    .digest('hex')
    .slice(0, 12)
  const tar = join(folder, `${request.name}-${request.arch}-${key}.tar`)
  const witness = `${tar}.archive`
  if (existsSync(tar) && existsSync(witness)) {
    if (request.keep) {
      progress.step(`${request.name} of ${madeOn(tar)} is taken as it is: KEEP_BASE`)
      return tar
    }
    const changed = await changedIndexes(readFileSync(witness, 'utf8'), signal)
    if (changed === undefined) {
      progress.step(`${request.name} of ${madeOn(tar)} is taken as it is: Debian's archive does not answer`)
      return tar
    }
    if (changed.length === 0) {
      progress.step(`${request.name} of ${madeOn(tar)} is as Debian has it today`)
      return tar
    }
    progress.step(`${request.name} is made anew: Debian has changed ${changed.join(', ')}`)
  } else {
    progress.step(
      `${request.name}: ${request.packages.length} packages of Debian ${SUITE} for ${request.arch} and what they need (minutes)`,
    )
  }
  for (const old of readdirSync(folder).filter(file => file.startsWith(`${request.name}-${request.arch}-`))) {
    if (!old.includes(PART)) rmSync(join(folder, old), { force: true })
  }
  // Of this process: builds of two boards may both be making the tools.
  const part = `${tar}${PART}${process.pid}`
  try {
    await make(part, tar, request, progress, signal)
  } finally {
    rmSync(part, { force: true })
  }
  return tar
}

async function make(part: string, tar: string, request: BaseRequest, progress: Progress, signal: AbortSignal) {
  await bootstrap(part, request, progress, signal)
  const read = ['--extract', '--to-stdout', `--file=${part}`, './oobm-archive']
  writeFileSync(`${tar}.archive`, `${await progress.run('tar', read, { signal })}\n`)
  renameSync(part, tar)
}

async function bootstrap(tar: string, request: BaseRequest, progress: Progress, signal: AbortSignal): Promise<void> {
  const attempt = (isComplete: boolean) =>
    progress.run('mmdebstrap', argumentsFor(tar, request, isComplete), {
      signal,
      env: {
        SOURCE_DATE_EPOCH: String(BASE_EPOCH_S),
        // The stage makes the initramfs, with its own settings; under emulation each one takes a minute.
        INITRD: 'No',
        ...(request.qemuCpu === undefined ? {} : { QEMU_CPU: request.qemuCpu }),
      },
    })
  for (const waitMs of request.retryMs ?? RETRY_MS) {
    try {
      await attempt(true)
      return
    } catch (err) {
      if (!MIRROR_IN_MOTION.test(errorMessage(err))) throw err
      progress.step(`Debian's mirror is being updated just now: once more in ${waitMs / 1000} s`)
      await sleep(waitMs, undefined, { signal })
    }
  }
  try {
    await attempt(true)
  } catch (err) {
    if (!MIRROR_IN_MOTION.test(errorMessage(err))) throw err
    progress.step(
      `WITHOUT security updates of ${request.arch}: the mirror's are inconsistent; the next build tries again`,
    )
    await attempt(false)
  }
}

/**
 * The package indexes stay in the tree, so that a stage can install; `oobm-archive` says which ones they are.
 * @param isComplete false leaves the suites of updates out while packages are chosen; the tree names them all the same
 */
function argumentsFor(tar: string, { arch, variant, packages }: BaseRequest, isComplete: boolean): string[] {
  const sources = '"$1"/etc/apt/sources.list'
  const witness = [
    'cd "$1"',
    'for f in var/lib/apt/lists/*InRelease; do printf "%s " "$(sha256sum <"$f" | cut -d" " -f1)"; basename "$f"; done >oobm-archive',
    'grep "^deb " etc/apt/sources.list >>oobm-archive',
  ]
  const withoutUpdates = [
    `--setup-hook=cp ${sources} "$1"/oobm-sources; sed -i "/-updates\\|-security/d" ${sources}`,
    `--customize-hook=mv "$1"/oobm-sources ${sources}`,
  ]
  return [
    '--verbose',
    '--format=tar',
    `--variant=${variant}`,
    `--components=${COMPONENTS}`,
    `--architectures=${arch}`,
    '--aptopt=Acquire::Retries "3"',
    '--skip=cleanup/apt/lists',
    `--include=${packages.join(',')}`,
    ...(isComplete ? [] : withoutUpdates),
    `--customize-hook=${witness.join('; ')}`,
    SUITE,
    tar,
  ]
}

/** @returns the suites that Debian has changed; undefined when it cannot be asked */
async function changedIndexes(witness: string, signal: AbortSignal): Promise<string[] | undefined> {
  const lines = witness.trim().split('\n')
  const sources = lines.filter(line => line.startsWith('deb ')).map(line => line.replace(/\[.*?\] /, '').split(/\s+/))
  const changed: string[] = sources.length === 0 ? ['what is not known'] : []
  for (const [, archive = '', suite = ''] of sources) {
    try {
      const answer = await fetch(`${archive}/dists/${suite}/InRelease`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(20_000)]),
      })
      if (!answer.ok) return undefined
      const sum = createHash('sha256')
        .update(Buffer.from(await answer.arrayBuffer()))
        .digest('hex')
      if (!lines.some(line => line.startsWith(`${sum} `))) changed.push(suite)
    } catch (err) {
      if (signal.aborted) throw new UserError('stopped', undefined, { cause: err })
      return undefined
    }
  }
  return changed
}

function madeOn(path: string): string {
  return statSync(path).mtime.toISOString().slice(0, 16).replace('T', ' ')
}
