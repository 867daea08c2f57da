/** Removes everything that `apply` ever made on a relay, and all state of the relay. */
import { existsSync } from 'node:fs'
import { copyFile, readFile, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../../runtime/errors.ts'
import { ACCOUNT_MARK } from '../dedicated/accounts.ts'
import type { RelayPaths } from '../relay-paths.ts'
import { endProcessesOf, readAccounts, takeAccountStep } from './accounts.ts'
import { ignoreMissing } from './durable.ts'
import { deleteTables } from './firewall.ts'
import { stopHaproxy } from './front.ts'
import { leftoversOf } from './inspect-relay.ts'
import { readState } from './relay-state.ts'
import { askTool } from './run-tool.ts'
import type { SshdService } from './sshd-service.ts'

/** The files that useradd and its like edit; the text before the last change stays beside each, with a `-`. */
const ACCOUNT_FILES = ['passwd', 'shadow', 'group', 'gshadow', 'subuid', 'subgid']

/** May be killed and run again: the record of our accounts is removed last. */
export async function removeRelay(paths: RelayPaths, service: SshdService, withSystemd: boolean): Promise<string[]> {
  const state = await readState(paths)
  if (state === undefined) throw new UserError(`this host is not a relay: ${paths.state} is missing`)
  if (withSystemd && existsSync(paths.tlsUnit)) await stopHaproxy()
  await service.stop()
  const done = ['stopped the relay’s sshd']
  if (state.firewall !== null) {
    await deleteTables()
    done.push('removed our nftables tables')
  }
  const there = await readAccounts(paths)
  for (const account of state.accounts) {
    const isOurs = there.some(
      ({ name, uid, comment }) => name === account.name && uid === account.uid && comment === ACCOUNT_MARK,
    )
    if (!isOurs) continue
    await endProcessesOf(account.uid)
    await takeAccountStep(paths, { do: 'remove', account })
    done.push(`removed the account ${account.name}`)
  }
  await scrubBackups(
    paths,
    state.accounts.map(({ name }) => name),
  )
  for (const unit of [paths.unit, paths.tlsUnit, paths.plainUnit]) await rm(unit, { force: true })
  if (withSystemd) await askTool('systemctl', ['daemon-reload'])
  for (const path of [
    paths.varLib,
    ...(await leftoversOf(paths)),
    paths.relay,
    paths.generations,
    paths.fleet,
    paths.pidFile,
  ]) {
    await rm(path, { recursive: true, force: true })
  }
  await rm(paths.state)
  // Other files there are not ours.
  await rmdir(paths.etc).catch(() => {})
  done.push(`removed ${paths.varLib}, and our files in ${paths.etc}`)
  return done
}

/** The backups still have the account that was removed last: each becomes what the next change would make it. */
async function scrubBackups({ root }: RelayPaths, names: string[]): Promise<void> {
  for (const file of ACCOUNT_FILES) {
    const path = join(root, 'etc', file)
    const backup = (await readFile(`${path}-`, 'utf8').catch(ignoreMissing)) ?? ''
    if (!names.some(name => backup.split('\n').some(line => line.startsWith(`${name}:`)))) continue
    await copyFile(path, `${path}-`)
  }
}
