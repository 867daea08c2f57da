/** The lab's own folder, `.lab/`: which process owns it, and the paths in it. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { pathSchema } from '../formats/names.ts'
import { EXIT, errorCode, UserError } from '../runtime/errors.ts'
import { readProcessStat } from '../runtime/process-stat.ts'

export interface LabDirectory {
  /** Absolute. */
  readonly root: string
  /** As a person in the working directory would type it: `.lab`. */
  readonly shown: string
  /** Marks it as free; the logs stay. */
  release(): Promise<void>
}

/** Marks the folder as a lab's, and names the process that runs it; empty after an orderly end. */
const OWNER_FILE = 'lab.pid'

/**
 * Takes the folder for this process: what an earlier lab left in it is removed.
 * @throws UserError when a lab runs in it, or when it is not a lab's and holds something
 */
export async function claimLabDirectory(path: string): Promise<LabDirectory> {
  const root = resolve(path)
  const shown = relative(process.cwd(), root).startsWith('..') ? root : relative(process.cwd(), root) || '.'
  if (!pathSchema.safeParse(root).success) {
    throw new UserError(
      `${root}: configuration files of sshd cannot name it; use a path of letters, digits and . _ / + @ : -`,
    )
  }
  await assertFree(root, shown)
  await rm(root, { recursive: true, force: true })
  await mkdir(root, { recursive: true, mode: 0o700 })
  const ownerFile = join(root, OWNER_FILE)
  await writeFile(ownerFile, `${process.pid} ${(await readProcessStat(process.pid))?.startTicks}\n`, { flag: 'wx' })
  return { root, shown, release: () => writeFile(ownerFile, '') }
}

async function assertFree(root: string, shown: string): Promise<void> {
  const entries: string[] = await readdir(root).catch(err => {
    if (errorCode(err) === 'ENOENT') return []
    throw new UserError(`${shown}: ${err.message}`, EXIT.unavailable, { cause: err })
  })
  if (entries.length === 0) return
  if (!entries.includes(OWNER_FILE)) {
    throw new UserError(
      `${shown} is not a lab's folder and is not empty; the lab would remove it. Use another --directory.`,
      EXIT.usage,
    )
  }
  const [pid = 0, started] = (await readFile(join(root, OWNER_FILE), 'utf8')).trim().split(' ').map(Number)
  if (pid > 0 && (await readProcessStat(pid))?.startTicks === started) {
    throw new UserError(
      `A lab runs in ${shown} already (process ${pid}): end it with Ctrl-C, or start another one with --directory.`,
      EXIT.unavailable,
    )
  }
}
