/** Who logged in on a connection, and which console they mean. */
import type { Console } from '../console/console.ts'
import type { Person } from '../console/person.ts'
import type { Identity } from './authorize.ts'
import type { Asker } from './exec-commands.ts'
import { chooseConsole, parseLogin } from './login-name.ts'

export interface Visit extends Asker {
  person: Person
  /** As typed, without the technician. */
  wanted: string
  allowed: readonly Console[]
  /** Why every session ends with a message. */
  refusal: string | undefined
}

/** @param isIn false for a login that is accepted only to be told that there are too many */
export function visitOf(
  identity: Identity,
  login: string,
  from: string,
  consoles: readonly Console[],
  isIn: boolean,
): Visit {
  const { name, role, via } = identity
  return {
    person: { technician: name, role, from, ...(via && { via }) },
    wanted: parseLogin(login).console,
    allowed: consoles.filter(({ name }) => identity.consoles?.includes(name) ?? true),
    viaRelay: via === 'relay',
    isDevice: identity.isDevice ?? false,
    refusal: isIn
      ? undefined
      : `too many connections of ${name}'s ${via === 'shell' ? 'account' : 'key'}: close one (each may hold several sessions)`,
  }
}

export function consoleOf({ wanted, allowed }: Visit): Console | undefined {
  const name = chooseConsole(
    wanted,
    allowed.map(({ name }) => name),
  )
  return allowed.find(console => console.name === name)
}
