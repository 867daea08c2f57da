/** What a login's identity makes of a connection. */
import { parseLogin } from '../commands/login-name.ts'
import type { Visit } from '../commands/visit.ts'
import type { Console } from '../console/console.ts'
import { type Identity, mayOpen } from './authorize.ts'

/** @param isIn false for a login that is accepted only to be told that there are too many */
export function visitOf(
  identity: Identity,
  login: string,
  from: string,
  consoles: readonly Console[],
  isIn: boolean,
): Visit {
  const { name, role, via, isAdmin, escapeSet, power } = identity
  return {
    person: {
      ...{ technician: name, role, from },
      ...(via && { via }),
      ...(isAdmin && { isAdmin }),
      ...(power && { power }),
    },
    wanted: parseLogin(login).console,
    allowed: consoles.filter(({ config }) => mayOpen(identity, config)),
    viaRelay: via === 'relay',
    isDevice: identity.isDevice ?? false,
    escapeSet,
    refusal: isIn
      ? undefined
      : `too many connections of ${name}'s ${via === 'shell' ? 'account' : 'key'}: close one (each may hold several sessions)`,
  }
}
