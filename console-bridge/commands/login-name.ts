/** A login name at the bridge, `[technician:]console`. */
import { ANY_CONSOLE } from '../../formats/bridge-login.ts'

export interface Login {
  /** Undefined where the name has no such part. The key decides in any case. */
  technician: string | undefined
  console: string
}

export function parseLogin(login: string): Login {
  const colon = login.indexOf(':')
  if (colon < 0) return { technician: undefined, console: login }
  return { technician: login.slice(0, colon), console: login.slice(colon + 1) }
}

/** The console that a technician means, of those that they have; undefined when it is none of them. */
export function chooseConsole(wanted: string, allowed: readonly string[]): string | undefined {
  if (allowed.includes(wanted)) return wanted
  return wanted === ANY_CONSOLE && allowed.length === 1 ? allowed[0] : undefined
}

/** What somebody is told when their login name is not a console of theirs. */
export function describeNoConsole(wanted: string, allowed: readonly string[]): string {
  if (allowed.length === 0) return 'you have no console on this device; ask the operator'
  const what = wanted === ANY_CONSOLE ? 'you have several consoles' : `you have no console "${wanted}"`
  return `${what}; log in with one of these names: ${allowed.join(', ')}`
}
