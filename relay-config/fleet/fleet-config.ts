/** Reads the fleet file, `fleet.toml`: relays, devices and technicians; no secrets, made for git. */
import * as z from 'zod'
import { parseToml } from '../../formats/toml-file.ts'
import { ConfigurationError } from '../../runtime/errors.ts'
import { crossCheck } from './checks/cross-check.ts'
import { fleetShape } from './fleet-schema.ts'

export type Fleet = z.output<typeof fleetShape>
export type Relay = Fleet['relays'][number]
export type Device = Fleet['devices'][number]
export type Enrolment = Fleet['enrolments'][number]
export type Technician = Fleet['technicians'][number]

/**
 * The shape, and what holds between its parts. zod skips a refinement when the shape has errors; people want everything
 * at once, so the two are separate steps here, and the second looks at whatever is well formed.
 */
const fleetSchema = z.unknown().transform((raw, context): Fleet => {
  const result = fleetShape.safeParse(raw)
  context.issues.push(...((result.error?.issues ?? []) as z.core.$ZodRawIssue[]))
  const problems = crossCheck(raw)
  for (const { path, message, also } of problems) context.addIssue({ code: 'custom', path, message, params: { also } })
  return result.success && problems.length === 0 ? result.data : z.NEVER
})

/**
 * Reads a fleet file.
 * @param file the name to use in messages
 * @throws ConfigurationError with everything that is wrong in it, in the order of the file
 */
export function parseFleet(file: string, text: string): Fleet {
  try {
    return parseToml(file, text, fleetSchema)
  } catch (err) {
    if (!(err instanceof ConfigurationError)) throw err
    throw new ConfigurationError(
      file,
      err.issues.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)),
    )
  }
}
