/** Who an account of this device is at its consoles. No effects. */
import type { TechnicianConfig } from '../../formats/device-config.ts'
import type { PersonUid } from '../../formats/people.ts'
import type { PasswdEntry } from '../../runtime/passwd.ts'
import type { Identity } from './authorize.ts'

export interface Accounts {
  /** The uid of this process, which can do all that the bridge can; in a lab, everybody's. */
  ownUid: number
  users: readonly PasswdEntry[]
  /** The record of uids. */
  people: readonly PersonUid[]
  technicians: readonly TechnicianConfig[]
}

/** Executes its own command, and has no console. */
const SUPERVISOR = 'oobm-supervisor'
/** May become root; which administrator uses it is unknown. */
const ADMINISTRATORS = 'remote-admin'
/** The login that technicians share. */
const SHARED = 'oobm'

/** @returns undefined for an account without access */
export function identityOfAccount(uid: number, { ownUid, users, people, technicians }: Accounts): Identity | undefined {
  // Of two names of one uid the first one counts, as for getpwuid(3).
  const name = users.find(user => user.uid === uid)?.name ?? String(uid)
  if (uid === 0 || uid === ownUid)
    return { name, role: 'operator', consoles: undefined, via: 'shell', isDevice: true, isAdmin: true }
  if (name === SUPERVISOR) return { name, role: 'observer', consoles: [], via: 'shell', isDevice: true }
  if (name === ADMINISTRATORS) return { name, role: 'operator', consoles: undefined, via: 'shell', isAdmin: true }
  if (name === SHARED) return { name, role: 'observer', consoles: sharedConsoles(technicians), via: 'shell' }
  const person = people.find(person => person.uid === uid && person.name === name)
  const technician = technicians.find(technician => technician.name === person?.name)
  if (!technician || !(technician.shell || technician.admin)) return undefined
  return {
    name,
    role: technician.role,
    consoles: technician.consoles,
    via: 'shell',
    ...(technician.escapeSet && { escapeSet: technician.escapeSet }),
    ...(technician.admin && { isAdmin: true }),
    ...(technician.power.length > 0 && { power: technician.power }),
  }
}

/**
 * Any technician with the shell may use it: only the consoles that all of them have. Administrators have all consoles.
 */
function sharedConsoles(technicians: readonly TechnicianConfig[]): string[] | undefined {
  const lists = technicians.flatMap(({ shell, admin, consoles }) => (shell && !admin && consoles ? [consoles] : []))
  const [first, ...others] = lists
  return first?.filter(name => others.every(list => list.includes(name)))
}
