/** A login name at the bridge, `[technician:]console`. */
import { ANY_CONSOLE } from '../../formats/bridge-login.ts'

export interface Login {
  /** Undefined where the name has no such part: the key decides anyway. */
  technician: string | undefined
  console: string
}

export function parseLogin(login: string): Login {
  const colon = login.indexOf(':')
  if (colon < 0) return { technician: undefined, console: login }
  return { technician: login.slice(0, colon), console: login.slice(colon + 1) }
}

/** The console that a technician means, of those that he or she may have; undefined when it is none of them. */
export function chooseConsole(wanted: string, allowed: readonly string[]): string | undefined {
  if (allowed.includes(wanted)) return wanted
  return wanted === ANY_CONSOLE && allowed.length === 1 ? allowed[0] : undefined
}

/** What somebody is told whose login name is no console of theirs. */
export function describeNoConsole(wanted: string, allowed: readonly string[]): string {
  if (allowed.length === 0) return 'no console of this device is yours; ask the operator'
  const what = wanted === ANY_CONSOLE ? 'there is more than one console' : `there is no console "${wanted}" for you`
  return `${what}. Log in with one of these names: ${allowed.join(', ')}`
}
