/** Changes the accounts of a relay with the host's own tools, which take the locks that other programs respect. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { UserError } from '../../../runtime/errors.ts'
import { type PasswdEntry, parsePasswd } from '../../../runtime/passwd.ts'
import { ACCOUNT_MARK, ACCOUNT_SHELL, type Account, type AccountStep } from '../dedicated/accounts.ts'
import type { RelayPaths } from '../relay-paths.ts'
import { ignoreMissing } from './durable.ts'
import { runTool } from './run-tool.ts'

export async function readAccounts({ root }: RelayPaths): Promise<PasswdEntry[]> {
  return parsePasswd((await readFile(join(root, 'etc/passwd'), 'utf8').catch(ignoreMissing)) ?? '')
}

/**
 * @returns a function that undoes it
 * @throws UserError with the tool's message
 */
export async function takeAccountStep(paths: RelayPaths, step: AccountStep): Promise<() => Promise<unknown>> {
  const prefix = prefixOf(paths)
  const { name, uid } = step.account
  switch (step.do) {
    case 'add':
      // --system: no home, no mail spool, no subordinate ids. The password "*" fits nothing; sshd would refuse a "locked" account.
      await runTool('useradd', [
        ...[...prefix, '--system', '--no-log-init', '--no-create-home', '--user-group', '--uid', String(uid)],
        ...['--home-dir', '/', '--shell', ACCOUNT_SHELL, '--comment', ACCOUNT_MARK, '--password', '*', name],
      ])
      return () => removeAccount(paths, step.account)
    case 'rename':
      await endProcessesOf(uid)
      await renameAccount(prefix, step.from, name)
      return () => renameAccount(prefix, name, step.from)
    case 'set shell':
      await runTool('usermod', [...prefix, '--shell', ACCOUNT_SHELL, name])
      return async () => {}
    case 'remove':
      await removeAccount(paths, step.account)
      return async () => {}
  }
}

async function renameAccount(prefix: string[], from: string, to: string): Promise<void> {
  await runTool('usermod', [...prefix, '--login', to, from])
  await runTool('groupmod', [...prefix, '--new-name', to, from])
}

async function removeAccount(paths: RelayPaths, { name, uid }: Account): Promise<void> {
  await endProcessesOf(uid)
  await runTool('userdel', [...prefixOf(paths), name])
  // userdel removes the group only if login.defs says so.
  const groups = (await readFile(join(paths.root, 'etc/group'), 'utf8').catch(ignoreMissing)) ?? ''
  if (groups.split('\n').some(line => line.startsWith(`${name}:`)))
    await runTool('groupdel', [...prefixOf(paths), name])
}

function prefixOf({ root }: RelayPaths): string[] {
  return root === '/' ? [] : ['--prefix', root]
}

/** Ends the processes of this uid, by SIGTERM and then by SIGKILL. */
export async function endProcessesOf(uid: number): Promise<void> {
  const deadlineMs = Date.now() + 10_000
  let signal: NodeJS.Signals = 'SIGTERM'
  for (let tries = 0; ; tries++) {
    const pids = await processesOf(uid)
    if (pids.length === 0) return
    if (Date.now() > deadlineMs) throw new UserError(`these processes of uid ${uid} do not end: ${pids.join(', ')}`)
    for (const pid of pids) {
      try {
        process.kill(pid, signal)
      } catch {
        // It has ended by itself.
      }
    }
    if (tries === 20) signal = 'SIGKILL'
    await delay(50)
  }
}

async function processesOf(uid: number): Promise<number[]> {
  const found: number[] = []
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const status = await readFile(`/proc/${entry}/status`, 'latin1').catch(() => '')
    const isZombie = /^State:\s+[ZX]/m.test(status)
    if (!isZombie && new RegExp(`^Uid:\\s+${uid}\\s`, 'm').test(status)) found.push(Number(entry))
  }
  return found
}
