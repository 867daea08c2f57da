/** The enrolment that a command names. */
import { EXIT, UserError } from '../../../runtime/errors.ts'
import type { Enrolment } from '../../fleet/fleet-config.ts'
import type { CommandInput } from '../command.ts'

/** The first argument. @throws UserError that lists those there are */
export function enrolmentOf({ fleet, files, positionals: [name] }: CommandInput): Enrolment {
  const found = fleet.enrolments.find(one => one.name === name)
  if (found) return found
  const known = fleet.enrolments.map(one => one.name).join(', ') || 'none'
  throw new UserError(`"${name}" is not an enrolment of ${files.fleet}; there are: ${known}`, EXIT.usage)
}
