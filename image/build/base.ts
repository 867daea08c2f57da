/** The tree that a stage begins with: Debian's packages as Debian has them today, kept until Debian has others. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EXIT, errorMessage, UserError } from '../../runtime/errors.ts'
import { within } from '../../runtime/waiting.ts'
import type { Progress } from './progress.ts'

/** Debian 13. A suite by itself: mmdebstrap knows Debian's own archive for it, with its security updates. */
export const SUITE = 'trixie'
const COMPONENTS = 'main,non-free-firmware'
/** One time for everything in it, so that a base made today and one made tomorrow of the same packages are the same (seconds). */
export const BASE_EPOCH_S = 1754697600
const RETRY_MS = [30_000, 120_000]
/** Milliseconds for the index of one suite. */
const ASK_MS = 20_000
/** What a file is called that is not complete. */
const PART = '.part-'
/** An index that names what is not there, or is another than its own list says: what apt-get says of an archive in motion. */
const MIRROR_IN_MOTION = /mirror sync in progress|hash sum mismatch|unexpected size|404 +not found/i

export interface BaseRequest {
  name: string
  arch: string
  variant: 'apt' | 'essential'
  packages: string[]
  qemuCpu?: string | undefined
  /** Takes one that is there, whatever Debian has today. */
  keep?: boolean
  /** An archive of one day that is asked in place of Debian's own, without suites of updates: its URL. */
  mirror?: string | undefined
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
  const { arch, variant, packages, mirror } = request
  const key = createHash('sha256')
    .update(JSON.stringify([SUITE, COMPONENTS, BASE_EPOCH_S, arch, variant, packages, mirror]))
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
  // Of this process: builds of two boards may both be making the tools.
  const part = `${tar}${PART}${process.pid}`
  try {
    await make(part, tar, request, progress, signal)
  } catch (err) {
    if (!isInMotion(err)) throw err
    if (!existsSync(tar)) throw new UserError(adviceFor(request), EXIT.unavailable, { cause: err })
    progress.step(
      `${request.name} of ${madeOn(tar)} is taken once more: Debian's archive for ${arch} is inconsistent now`,
    )
    return tar
  } finally {
    rmSync(part, { force: true })
  }
  for (const old of readdirSync(folder).filter(file => file.startsWith(`${request.name}-${request.arch}-`))) {
    if (!old.includes(PART) && !join(folder, old).startsWith(tar)) rmSync(join(folder, old), { force: true })
  }
  return tar
}

function isInMotion(err: unknown): boolean {
  const said = errorMessage(err)
  // Nor is one in motion that has no such suite at all: the URL is wrong.
  return MIRROR_IN_MOTION.test(said) && !/does not have a Release file/.test(said)
}

function adviceFor({ arch, mirror }: BaseRequest): string {
  return `the package index of ${mirror ?? "Debian's archive"} and its packages for ${arch} do not fit together now: the log has the names.
  This ends by itself, mostly within hours: run the same command again later. Or build from a day on which they fitted, by
  MIRROR=URL of an archive that keeps old days, such as Debian's snapshot archive: make image BOARD=… MIRROR=…/20260101T000000Z`
}

async function make(part: string, tar: string, request: BaseRequest, progress: Progress, signal: AbortSignal) {
  await bootstrap(part, request, progress, signal, existsSync(tar))
  const read = ['--extract', '--to-stdout', `--file=${part}`, './oobm-archive']
  writeFileSync(`${tar}.archive`, `${await progress.run('tar', read, { signal })}\n`)
  renameSync(part, tar)
}

/** @param hasOlder whether there is one of before: with its security updates it is better than a new one without any */
async function bootstrap(
  tar: string,
  request: BaseRequest,
  progress: Progress,
  signal: AbortSignal,
  hasOlder: boolean,
): Promise<void> {
  // One day's archive has no suites of updates.
  const attempt = (isComplete = request.mirror === undefined) =>
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
      await attempt()
      return
    } catch (err) {
      if (!isInMotion(err)) throw err
      progress.step(`Debian's mirror is being updated just now: once more in ${waitMs / 1000} s`)
      await sleep(waitMs, undefined, { signal })
    }
  }
  try {
    await attempt()
  } catch (err) {
    if (!isInMotion(err) || request.mirror !== undefined || hasOlder) throw err
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
function argumentsFor(tar: string, request: BaseRequest, isComplete: boolean): string[] {
  const { arch, variant, packages, mirror } = request
  const sources = '"$1"/etc/apt/sources.list'
  const witness = [
    'cd "$1"',
    'for f in var/lib/apt/lists/*InRelease; do printf "%s " "$(sha256sum <"$f" | cut -d" " -f1)"; basename "$f"; done >oobm-archive',
    'grep "^deb " etc/apt/sources.list >>oobm-archive',
  ]
  const ofOneDay = mirror === undefined ? '' : `; sed -i "s|^deb \\(\\[.*\\] \\)\\?[^ ]*|deb \\1${mirror}|" ${sources}`
  const mainAlone = `--setup-hook=cp ${sources} "$1"/oobm-sources; sed -i "/-updates\\|-security/d" ${sources}${ofOneDay}`
  const asDebianHasIt = `--customize-hook=mv "$1"/oobm-sources ${sources}`
  const witnessed = `--customize-hook=${witness.join('; ')}`
  return [
    '--verbose',
    '--format=tar',
    `--variant=${variant}`,
    `--components=${COMPONENTS}`,
    `--architectures=${arch}`,
    '--aptopt=Acquire::Retries "3"',
    '--skip=cleanup/apt/lists',
    `--include=${packages.join(',')}`,
    ...(isComplete ? [] : [mainAlone]),
    // What is asked the next time: that day's archive, or all of Debian's, whatever had to be left out.
    ...(mirror === undefined ? [] : ['--aptopt=Acquire::Check-Valid-Until "false"', witnessed]),
    ...(isComplete ? [] : [asDebianHasIt]),
    ...(mirror === undefined ? [witnessed] : []),
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
    const index = await within(ASK_MS, [signal], async deadline => {
      const answer = await fetch(`${archive}/dists/${suite}/InRelease`, { signal: deadline })
      return answer.ok ? Buffer.from(await answer.arrayBuffer()) : undefined
    }).catch(() => undefined)
    if (signal.aborted) throw new UserError('stopped')
    if (index?.kind !== 'done' || index.value === undefined) return undefined
    const sum = createHash('sha256').update(index.value).digest('hex')
    if (!lines.some(line => line.startsWith(`${sum} `))) changed.push(suite)
  }
  return changed
}

function madeOn(path: string): string {
  return statSync(path).mtime.toISOString().slice(0, 16).replace('T', ' ')
}
