/** Who gets an account on this device, with which uid, and whose account is removed: pure. */
import type { DeviceConfig } from '../../formats/device-config.ts'
import { DROP_GROUP } from '../../formats/file-drop.ts'
import { PEOPLE_GROUP, PEOPLE_UIDS, type PersonUid } from '../../formats/people.ts'
import type { GroupEntry, PasswdEntry } from '../../runtime/passwd.ts'

export interface System {
  users: readonly PasswdEntry[]
  groups: readonly GroupEntry[]
}

export interface WithKeys {
  name: string
  /** Public keys. */
  keys: readonly string[]
  /** May fill the file drop. */
  isAdmin: boolean
}

export type WantedAccount = PersonUid & WithKeys

/** Somebody who cannot have an account, and why: a part of a sentence. */
export interface Clash {
  name: string
  why: string
}

export interface PeoplePlan {
  /** Everybody who ever had an account: a uid in it is that name's for ever. */
  record: PersonUid[]
  accounts: WantedAccount[]
  /** In the record, and not to have an account. */
  leavers: PersonUid[]
  clashes: Clash[]
}

/** As systemd-sysusers(8) takes them. The fleet file says the same to the operator, with its line. */
const LOGIN_NAME = /^[a-z][a-z0-9_-]{0,30}$/
/** Who comes with a gateway device's own key: an administrator, who has that account already. */
const ADMINISTRATORS = ['remote-admin', 'enebular-remote-admin']

/** Beside their own: they may use `oobm test` and `led`, as the shared login may, and read the journal. */
const GROUPS = [PEOPLE_GROUP, 'oobm', 'systemd-journal']

function groupsOf({ isAdmin }: Pick<WithKeys, 'isAdmin'>): string[] {
  return isAdmin ? [...GROUPS, DROP_GROUP] : GROUPS
}

/** @param recorded the record so far */
export function planPeople(
  config: Pick<DeviceConfig, 'technicians'>,
  recorded: readonly PersonUid[],
  system: System,
): PeoplePlan {
  const record = [...recorded, ...forgotten(recorded, system)]
  const accounts: WantedAccount[] = []
  const clashes: Clash[] = []
  for (const { name, keys, isAdmin } of withShell(config)) {
    const known = record.find(person => person.name === name)
    const uid = known?.uid ?? nextUid(record, system)
    const why = clashOf({ name, uid }, system)
    if (why !== undefined) {
      clashes.push({ name, why })
      continue
    }
    if (known === undefined) record.push({ name, uid })
    accounts.push({ name, uid, keys, isAdmin })
  }
  const staying = new Set([...accounts, ...clashes].map(({ name }) => name))
  return {
    record: record.toSorted((a, b) => a.uid - b.uid),
    accounts,
    leavers: record.filter(({ name }) => !staying.has(name)),
    clashes,
  }
}

/** Who gets an account of their own. */
export function withShell({ technicians }: Pick<DeviceConfig, 'technicians'>): WithKeys[] {
  return technicians
    .filter(({ name, shell, admin }) => (shell || admin) && !ADMINISTRATORS.includes(name))
    .map(({ name, keys, admin }) => ({ name, keys, isAdmin: admin }))
}

/** sysusers.d(5); our group and those of the shared login are made with the package. */
export function renderSysusers(accounts: readonly Omit<WantedAccount, 'keys'>[]): string {
  return accounts
    .flatMap(({ name, uid, isAdmin }) => [
      `u ${name} ${uid} "Out-of-band technician" /home/${name} /bin/bash`,
      ...groupsOf({ isAdmin }).map(group => `m ${name} ${group}`),
    ])
    .map(line => `${line}\n`)
    .join('')
}

/** The comment tells who it is in sshd's log. */
export function authorizedKeysOf({ name, keys }: WithKeys): string {
  return keys.map(key => `${key} ${name}\n`).join('')
}

/** What the system lacks of this account; an empty list when it is whole. */
export function missingOf({ name, uid, isAdmin }: Omit<WantedAccount, 'keys'>, { users, groups }: System): string[] {
  const lacks = groupsOf({ isAdmin }).filter(
    group => !groups.find(entry => entry.name === group)?.members.includes(name),
  )
  return [...(users.some(user => user.name === name && user.uid === uid) ? [] : ['account']), ...lacks]
}

/** Whether this person was an administrator, and still has what came with that. */
export function hasTooMuch({ name, isAdmin }: WantedAccount, { groups }: System): boolean {
  return !isAdmin && groups.some(group => group.name === DROP_GROUP && group.members.includes(name))
}

/** Accounts of ours that are not in the record, because it was lost. */
function forgotten(recorded: readonly PersonUid[], { users, groups }: System): PersonUid[] {
  const members = groups.find(({ name }) => name === PEOPLE_GROUP)?.members ?? []
  return users
    .filter(({ name, uid }) => members.includes(name) && uid >= PEOPLE_UIDS.first && uid <= PEOPLE_UIDS.last)
    .filter(({ name, uid }) => !recorded.some(person => person.name === name || person.uid === uid))
    .map(({ name, uid }) => ({ name, uid }))
}

/** Above every uid that was ever used, here or by the system: gaps are not filled. */
function nextUid(record: readonly PersonUid[], { users, groups }: System): number {
  const inRange = (id: number) => id >= PEOPLE_UIDS.first && id <= PEOPLE_UIDS.last
  const taken = [...record.map(({ uid }) => uid), ...users.map(({ uid }) => uid), ...groups.map(({ gid }) => gid)]
  return Math.max(PEOPLE_UIDS.first - 1, ...taken.filter(inRange)) + 1
}

function clashOf({ name, uid }: PersonUid, { users, groups }: System): string | undefined {
  if (!LOGIN_NAME.test(name)) return 'the name is not a login name: 1 to 31 of a-z 0-9 _ -, the first one a letter'
  if (uid > PEOPLE_UIDS.last)
    return `every uid from ${PEOPLE_UIDS.first} to ${PEOPLE_UIDS.last} is in use or was used before`
  const user = users.find(entry => entry.name === name)
  if (user !== undefined && user.uid !== uid) return `this system already has an account of that name (uid ${user.uid})`
  const other = users.find(entry => entry.uid === uid && entry.name !== name)
  if (other !== undefined) return `the uid ${uid} is the account "${other.name}"`
  const group = groups.find(entry => entry.name === name)
  if (user === undefined && group !== undefined && group.gid !== uid)
    return `this system already has a group of that name (gid ${group.gid})`
  return undefined
}
