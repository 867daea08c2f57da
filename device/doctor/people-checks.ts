/** `oobm doctor` on the technicians' accounts: whether each is as the configuration says. */
import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeviceConfig } from '../../formats/device-config.ts'
import { PEOPLE_GROUP, PEOPLE_KEYS, peopleRecordPath, readPeopleRecord } from '../../formats/people.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { authorizedKeysOf, missingOf, planPeople, type WantedAccount } from '../people/plan-people.ts'
import { readSystem } from '../people/settle-people.ts'
import { type Check, type Finding, ok, skipped, wrong } from './finding.ts'

const HISTORY = 'history of logins'
const REMEDY = 'sudo systemctl restart oobm-people; journalctl -u oobm-people -n 50'

export function peopleChecks(config: DeviceConfig, env: NodeJS.ProcessEnv): Check[] {
  return [
    { what: 'accounts', run: async report => (await checkPeople(config, env)).forEach(report) },
    { what: HISTORY, run: async report => (await checkHistory()).forEach(report) },
  ]
}

async function checkPeople(config: DeviceConfig, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const system = await readSystem()
  // Without the package, as in the lab, there is one login for all.
  if (!system.groups.some(({ name }) => name === PEOPLE_GROUP))
    return [skipped('accounts', 'this system has no accounts of oobm-device')]
  try {
    const plan = planPeople(config, readPeopleRecord(peopleRecordPath(env)), system)
    const clashes = plan.clashes.map(({ name, why }) =>
      wrong(
        `account ${name}`,
        `cannot be made: ${why}`,
        'ask the operator to give this technician another name, and to issue oobm.toml again',
      ),
    )
    const found = await Promise.all(plan.accounts.map(account => lackOf(account, missingOf(account, system))))
    const faults = found.flatMap(fault => fault ?? [])
    const left = plan.leavers.filter(({ name, uid }) =>
      system.users.some(user => user.name === name && user.uid === uid),
    )
    const stayed = left.map(({ name }) =>
      wrong(`account ${name}`, 'still exists, though this technician was removed', REMEDY),
    )
    if (clashes.length + faults.length + stayed.length > 0) return [...clashes, ...faults, ...stayed]
    return [ok('accounts', plan.accounts.map(({ name }) => name).join(', ') || 'nobody has the shell')]
  } catch (err) {
    return [wrong('accounts', errorMessage(err), 'correct what it names, then run oobm doctor again')]
  }
}

/** sshd uses PAM's common sessions. */
async function checkHistory(): Promise<Finding[]> {
  const { groups } = await readSystem()
  if (!groups.some(({ name }) => name === PEOPLE_GROUP)) return []
  const text = await readFile('/etc/pam.d/common-session', 'utf8').catch(() => '')
  if (/^[^#]*\/usr\/lib\/oobm\/record-login/m.test(text)) return [ok(HISTORY, 'logins are recorded: oobm history')]
  return [wrong(HISTORY, 'logins are not recorded: PAM is not configured for it', 'sudo pam-auth-update --enable oobm')]
}

async function lackOf(account: WantedAccount, missing: readonly string[]): Promise<Finding | undefined> {
  const what = `account ${account.name}`
  if (missing.includes('account')) return wrong(what, 'does not exist yet', REMEDY)
  if (missing.length > 0) return wrong(what, `is not in ${missing.join(', ')}`, REMEDY)
  const keys = await readFile(join(PEOPLE_KEYS, account.name), 'utf8').catch(() => '')
  if (keys !== authorizedKeysOf(account)) return wrong(what, 'its keys differ from the configuration', REMEDY)
  const home = `/home/${account.name}`
  const found = await lstat(home).catch(() => undefined)
  if (found === undefined) return wrong(what, `has no ${home}`, REMEDY)
  if (found.isDirectory() && found.uid === account.uid) return undefined
  const fault = found.isDirectory() ? `belongs to uid ${found.uid}` : 'is not a folder'
  return wrong(what, `${home} ${fault}: their sessions start in /`, `move it away; then: ${REMEDY}`)
}
