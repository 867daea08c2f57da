/** Replaces a file in a daemon's own run-time directory, so that no reader ever sees half of it. */
import { randomBytes } from 'node:crypto'
import { closeSync, constants, fchmodSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants

/**
 * Without a thread, each of whose steps would wake two: this is done every few seconds for months. It is for memory
 * (tmpfs(5), systemd's RuntimeDirectory=): there it cannot wait for a disk, and nothing is to survive a power cut.
 * @param mode permission bits of the new file, whatever the umask is
 * @throws a system error that names the file; the old one then stands as it was, and nothing is left beside it
 */
export function writeRuntimeFile(path: string, content: string, mode: number): void {
  const temporary = `${path}.${randomBytes(12).toString('hex')}.new`
  try {
    const file = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    try {
      writeFileSync(file, content)
      fchmodSync(file, mode)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } catch (err) {
    rmSync(temporary, { force: true })
    throw err
  }
}
