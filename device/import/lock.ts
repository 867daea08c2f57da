/** One writer of the device's settings at a time: `oobm import`, `oobm provision` and `oobm-apply` read, decide and write while they hold this lock. */
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import { SECRETS_DIRECTORY } from '../../formats/provisioning.ts'
import { EXIT, errorCode, UserError } from '../../runtime/errors.ts'

/** Seconds until a writer gives up: an import takes a few on a slow board. */
const WAIT_S = 30
/** What flock(1) returns when the time is over; we ask for it. */
const BUSY = 99

/**
 * Node.js has no flock(2). flock(1) locks the descriptor that it is given, and the lock stays with ours: it ends with this
 * process, however that ends, so that there is nothing to clean up. It is on the folder of the secrets, which nobody but root
 * can open: a lock file elsewhere could be held by anybody.
 * @throws UserError when another program holds it for 30 s; a system error when the folder cannot be opened
 */
export async function whileLocked<T>(root: string, work: () => Promise<T>, waitS = WAIT_S): Promise<T> {
  // A system without settings yet has no such folder: a wrong file must leave nothing there.
  const folder = (await openIfThere(join(root, SECRETS_DIRECTORY))) ?? (await openIfThere(root))
  if (folder === undefined) return work()
  try {
    await lock(folder.fd, waitS)
    return await work()
  } finally {
    await folder.close()
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (err) {
    if (errorCode(err) !== 'ENOENT') throw err
    return undefined
  }
}

async function lock(fd: number, waitS: number): Promise<void> {
  try {
    await spawn('flock', ['-w', String(waitS), '-E', String(BUSY), '3'], { stdio: ['ignore', 'ignore', 'pipe', fd] })
  } catch (err) {
    const { exitCode } = err as { exitCode?: unknown }
    const message =
      exitCode === BUSY
        ? `another program has been changing the settings of this device for ${waitS} s, such as "oobm import" or oobm-apply: nothing was changed; try again`
        : 'the settings cannot be locked against other programs: flock, of the package util-linux, does not run'
    throw new UserError(message, EXIT.unavailable, { cause: err })
  }
}
