/** Brings the accounts of this device to what its configuration says, from whatever a power cut left. */
import { lstat, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import spawn from 'nano-spawn'
import type { DeviceConfig } from '../../formats/device-config.ts'
import { DROP_GROUP } from '../../formats/file-drop.ts'
import { PEOPLE_KEYS, type PersonUid, peopleRecordText, readPeopleRecord } from '../../formats/people.ts'
import { errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { parseGroup, parsePasswd } from '../../runtime/passwd.ts'
import { syncDirectory, writeAtomically } from '../../runtime/write-atomically.ts'
import { makeDirectory } from '../import/install.ts'
import { endPerson, openHome, TOOL_MS } from './end-person.ts'
import {
  authorizedKeysOf,
  type Clash,
  hasTooMuch,
  missingOf,
  planPeople,
  renderSysusers,
  type System,
  type WantedAccount,
  type WithKeys,
  withShell,
} from './plan-people.ts'

const SYSUSERS_PATH = '/run/oobm-people/sysusers.conf'
/** An account without a password. sysusers leaves `!*`, which sshd without PAM takes for a locked account. */
const NO_PASSWORD = '*'

export interface SettleOptions {
  config: Pick<DeviceConfig, 'technicians'>
  /** Path of the record of uids. */
  record: string
  /** For the journal: one line for each thing that was done. */
  say(line: string): void
}

/**
 * In this order: nobody who left comes in; a uid is on the disk before anybody has it; a key opens an account that is whole.
 * @returns those whose account could not be made, or not completely; all others are complete
 * @throws UserError, or a system error, when nothing more can be done
 */
export async function settlePeople({ config, record, say }: SettleOptions): Promise<Clash[]> {
  // First, whatever else fails: a removed key must not open anything.
  await keepKeys(withShell(config))
  const recorded = readPeopleRecord(record)
  const system = await readSystem()
  const plan = planPeople(config, recorded, system)
  const problems = [...plan.clashes]
  await keepKeys(plan.accounts)
  const text = peopleRecordText(plan.record)
  if (text !== peopleRecordText(recorded)) await writeAtomically(record, text, 0o644)

  const orElse = async ({ name }: PersonUid, work: () => Promise<unknown>) => {
    try {
      await work()
      return true
    } catch (err) {
      problems.push({ name, why: errorMessage(err) })
      return false
    }
  }
  for (const person of plan.leavers) {
    const hasAccount = system.users.some(({ name, uid }) => name === person.name && uid === person.uid)
    await orElse(person, async () => {
      const done = await endPerson(person, hasAccount)
      if (done !== undefined) say(done)
    })
  }
  for (const person of plan.accounts.filter(account => hasTooMuch(account, system))) {
    const done = await orElse(person, () => run('gpasswd', ['--delete', person.name, DROP_GROUP]))
    if (done) say(`${person.name} may not change the file drop any more`)
  }
  const passwords = parseShadow(await readFile('/etc/shadow', 'utf8'))
  const incomplete = plan.accounts.filter(
    person => missingOf(person, system).length > 0 || passwords.get(person.name) !== NO_PASSWORD,
  )
  if (incomplete.length > 0) await makeAccounts(incomplete)
  const { users } = await readSystem()
  for (const account of plan.accounts) {
    const user = users.find(({ name, uid }) => name === account.name && uid === account.uid)
    if (user === undefined) {
      problems.push({ name: account.name, why: 'systemd-sysusers did not make the account' })
      continue
    }
    // Without a home one may still log in: the session begins in /.
    await orElse(account, () => makeHome(account, user.gid))
    const isWritten = await orElse(account, () => writeKeys(account))
    if (isWritten && incomplete.includes(account)) say(`${account.name} has an account (uid ${account.uid})`)
  }
  return problems
}

export async function readSystem(): Promise<System> {
  const [passwd, group] = await Promise.all(['/etc/passwd', '/etc/group'].map(path => readFile(path, 'utf8')))
  return { users: parsePasswd(passwd ?? ''), groups: parseGroup(group ?? '') }
}

/** shadow(5): name → encrypted password. */
function parseShadow(text: string): Map<string, string> {
  return new Map(text.split('\n').map(line => [line.split(':')[0] ?? '', line.split(':')[1] ?? '']))
}

/** Brings the keys that are there up to date, and takes away those of everybody else. */
async function keepKeys(people: readonly WithKeys[]): Promise<void> {
  // sshd reads them as the person.
  await makeDirectory(PEOPLE_KEYS, 0o755)
  for (const file of await readdir(PEOPLE_KEYS)) {
    const person = people.find(({ name }) => name === file)
    if (person === undefined) await rm(join(PEOPLE_KEYS, file))
    else await writeKeys(person)
  }
  await syncDirectory(PEOPLE_KEYS)
}

async function writeKeys(person: WithKeys): Promise<void> {
  const path = join(PEOPLE_KEYS, person.name)
  const text = authorizedKeysOf(person)
  const before = await readFile(path, 'utf8').catch(() => undefined)
  if (before !== text) await writeAtomically(path, text, 0o644)
}

async function makeAccounts(people: readonly WantedAccount[]): Promise<void> {
  await makeDirectory(dirname(SYSUSERS_PATH), 0o755)
  await writeAtomically(SYSUSERS_PATH, renderSysusers(people), 0o644)
  await run('systemd-sysusers', [SYSUSERS_PATH])
  await run('chpasswd', ['--encrypted'], people.map(({ name }) => `${name}:${NO_PASSWORD}\n`).join(''))
}

async function makeHome({ name, uid }: PersonUid, gid: number): Promise<void> {
  const path = `/home/${name}`
  const isThere = await lstat(path).catch(err => {
    if (errorCode(err) === 'ENOENT') return undefined
    throw err
  })
  if (isThere === undefined) await mkdir(path, { mode: 0o700 })
  await openHome(path, uid, gid)
}

async function run(command: string, args: string[], input?: string): Promise<void> {
  try {
    await spawn(command, args, { timeout: TOOL_MS, ...(input !== undefined && { stdin: { string: input } }) })
  } catch (err) {
    const said = (err as { stderr?: string }).stderr
    throw new UserError(`${command}: ${said || errorMessage(err)}`, 1, { cause: err })
  }
}
