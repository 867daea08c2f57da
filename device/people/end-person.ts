/** Ends what a person who left has on this device: sessions, processes, jobs; their home then belongs to root. */
import { chmod, lchown, lstat, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import type { PersonUid } from '../../formats/people.ts'
import { systemClock } from '../../runtime/clock.ts'
import { errorCode, UserError } from '../../runtime/errors.ts'

/** Where cron(8) and at(1) keep what people asked for. */
const CRONTABS = '/var/spool/cron/crontabs'
const AT_FOLDERS = ['/var/spool/cron/atjobs', '/var/spool/cron/atspool']
/** With a file here, a user's programs run without a session (loginctl(1), enable-linger). */
const LINGER = '/var/lib/systemd/linger'
/** Milliseconds for logind, which a board may not have, and for processes to end. */
const LOGIND_MS = 10_000
const END_MS = 10_000
const LOOK_MS = 50
/** Milliseconds for a program that changes accounts: it waits up to 15 s for another one that does (lckpwdf(3)). */
export const TOOL_MS = 60_000

/**
 * May be repeated after any interruption. The keys are removed before, so that nobody logs in meanwhile.
 * @returns what it did, for the log; undefined when there was nothing left
 * @throws UserError when processes do not end, or the account cannot be removed
 */
export async function endPerson({ name, uid }: PersonUid, hasAccount: boolean): Promise<string | undefined> {
  const before = await processesOf(uid)
  for (const path of [join(LINGER, name), join(CRONTABS, name)]) if (hasAccount) await rm(path, { force: true })
  const jobs = await removeJobs(uid)
  if (hasAccount) await spawn('loginctl', ['terminate-user', name], { timeout: LOGIND_MS }).catch(() => {})
  await killAll(uid)
  const closed = await closeHome(`/home/${name}`, uid)
  if (hasAccount) {
    await removeAccount(name)
    // One whose key was accepted a moment before the keys went.
    await killAll(uid)
  }
  if (!hasAccount && before.length === 0 && jobs === 0 && !closed) return undefined
  return `${name} (uid ${uid}) was removed: ${before.length} processes ended, the home now belongs to root`
}

/** Gives a folder in /home to its user; a home that was closed is opened again. */
export async function openHome(path: string, uid: number, gid: number): Promise<void> {
  const found = await lstat(path)
  if (!found.isDirectory()) throw new UserError(`${path} is not a folder: left as it is`)
  if (found.uid === uid) return
  if (found.uid !== 0) throw new UserError(`${path} belongs to uid ${found.uid}: left as it is`)
  // /home is root's, so that nobody can put a link in its place.
  await chmod(path, 0o700)
  await lchown(path, uid, gid)
}

/** @returns whether it belonged to them until now; its content keeps its uid, and only root can reach it */
async function closeHome(path: string, uid: number): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined || !found.isDirectory() || found.uid !== uid) return false
  await lchown(path, 0, 0)
  await chmod(path, 0o700)
  return true
}

async function removeJobs(uid: number): Promise<number> {
  let removed = 0
  for (const folder of AT_FOLDERS) {
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name)
      const found = await lstat(path).catch(() => undefined)
      if (found === undefined || !found.isFile() || found.uid !== uid) continue
      await rm(path, { force: true })
      removed++
    }
  }
  return removed
}

/** kill(2) with -1, as this uid: the kernel kills all of them at once, also processes that fork all the time. */
async function killAll(uid: number): Promise<void> {
  const endMs = systemClock.nowMs() + END_MS
  for (;;) {
    const pids = await processesOf(uid)
    if (pids.length === 0) return
    if (systemClock.nowMs() > endMs) throw new UserError(`processes of uid ${uid} do not end: ${pids.join(', ')}`)
    await spawn('sh', ['-c', 'kill -KILL -1'], { uid, gid: uid, timeout: END_MS }).catch(() => {})
    await systemClock.sleep(LOOK_MS, new AbortController().signal)
  }
}

async function removeAccount(name: string): Promise<void> {
  try {
    await spawn('userdel', [name], { timeout: TOOL_MS })
  } catch (err) {
    throw new UserError(`userdel ${name}: ${(err as { stderr?: string }).stderr ?? String(err)}`, 1, { cause: err })
  }
  // userdel takes the group along only where login.defs says so.
  await spawn('groupdel', [name], { timeout: TOOL_MS }).catch(() => {})
}

async function processesOf(uid: number): Promise<number[]> {
  const found: number[] = []
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const status = await readFile(`/proc/${entry}/status`, 'latin1').catch(err => {
      if (errorCode(err) === 'ENOENT' || errorCode(err) === 'ESRCH') return ''
      throw err
    })
    if (/^State:\s+[ZX]/m.test(status)) continue
    // Real, effective, saved and of the file system: sudo and sshd have them apart.
    const [, ids = ''] = /^Uid:\s+(.*)$/m.exec(status) ?? []
    if (ids.split(/\s+/).includes(String(uid))) found.push(Number(entry))
  }
  return found
}
