/** Who an account of this device is at its consoles: pure. */
import type { TechnicianConfig } from '../../formats/device-config.ts'
import type { PersonUid } from '../../formats/people.ts'
import type { PasswdEntry } from '../../runtime/passwd.ts'
import type { Identity } from './authorize.ts'

export interface Accounts {
  /** Of this process: whoever has it can do all that the bridge can. In a lab, everybody's. */
  ownUid: number
  users: readonly PasswdEntry[]
  /** The record of uids. */
  people: readonly PersonUid[]
  technicians: readonly TechnicianConfig[]
}

/** Has the supervisor's own word, and no console. */
const SUPERVISOR = 'oobm-supervisor'
/** May become root, and who of them it is, nobody can tell. */
const ADMINISTRATORS = 'remote-admin'
/** The login that technicians share. */
const SHARED = 'oobm'

/** @returns undefined for an account that is nobody here */
export function identityOfAccount(uid: number, { ownUid, users, people, technicians }: Accounts): Identity | undefined {
  // Of two names of one uid the first is its name, as for everybody who asks the system.
  const name = users.find(user => user.uid === uid)?.name ?? String(uid)
  if (uid === 0 || uid === ownUid) return { name, role: 'operator', consoles: undefined, via: 'shell', isDevice: true }
  if (name === SUPERVISOR) return { name, role: 'observer', consoles: [], via: 'shell', isDevice: true }
  if (name === ADMINISTRATORS) return { name, role: 'operator', consoles: undefined, via: 'shell' }
  if (name === SHARED) return { name, role: 'observer', consoles: sharedConsoles(technicians), via: 'shell' }
  const person = people.find(person => person.uid === uid && person.name === name)
  const technician = technicians.find(technician => technician.name === person?.name)
  if (!technician || !(technician.shell || technician.admin)) return undefined
  return { name, role: technician.role, consoles: technician.consoles, via: 'shell' }
}

/** Any of those with the shell may be behind it: what all of them may watch. Administrators may watch everything anyway. */
function sharedConsoles(technicians: readonly TechnicianConfig[]): string[] | undefined {
  const lists = technicians.flatMap(({ shell, admin, consoles }) => (shell && !admin && consoles ? [consoles] : []))
  const [first, ...others] = lists
  return first?.filter(name => others.every(list => list.includes(name)))
}
