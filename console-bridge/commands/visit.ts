/** Who logged in on a connection, and which console they mean. */
import type { Console } from '../console/console.ts'
import type { Person } from '../console/person.ts'
import type { EscapeSetting } from '../session/escape-keys.ts'
import { chooseConsole, describeNoConsole } from './login-name.ts'

/** Who asks. */
export interface Asker {
  /** Logged in at the relay. */
  viaRelay: boolean
  /** Root and the supervisor. */
  isDevice: boolean
}

export interface Visit extends Asker {
  person: Person
  /** As typed, without the technician. */
  wanted: string
  allowed: readonly Console[]
  /** The keys of this person's sessions; undefined for those of the console. */
  escapeSet?: EscapeSetting['set'] | undefined
  /** Why every session ends with a message. */
  refusal: string | undefined
}

export function consoleOf({ wanted, allowed }: Visit): Console | undefined {
  const named = allowed.filter(({ config }) => !config.isProvisional)
  // Whoever names none means the only one that has a name.
  const name = chooseConsole(wanted, namesOf(allowed)) ?? chooseConsole(wanted, namesOf(named))
  return allowed.find(console => console.name === name)
}

/** What somebody is told when their login name is not a console of theirs. */
export function noConsoleText({ wanted, allowed }: Visit): string {
  return describeNoConsole(wanted, namesOf(allowed))
}

function namesOf(consoles: readonly Console[]): string[] {
  return consoles.map(({ name }) => name)
}
