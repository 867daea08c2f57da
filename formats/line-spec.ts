/** What a line program gets: made of the configuration by root (`oobm lines`), as its line and nobody else's. */
import * as z from 'zod'
import type { ConsoleConfig } from './device-config.ts'
import { parseLinePath } from './line-path.ts'
import { nameSchema } from './names.ts'

export const lineSpecSchema = z.strictObject({
  version: z.literal(1),
  console: nameSchema,
  path: z.string(),
  /** What an `exec:` line sends in place of BREAK. */
  execBreak: z.string().optional(),
  /** Why the line is not opened. */
  problem: z.string().optional(),
})
export type LineSpec = z.output<typeof lineSpecSchema>

/** Undefined for a console that the bridge opens itself. */
export function lineSpecOf({ name, path, execBreak }: ConsoleConfig): LineSpec | undefined {
  if (parseLinePath(path) === undefined) return undefined
  return { version: 1, console: name, path, ...(execBreak !== undefined && { execBreak }) }
}

/** The hosts that the program of this line may reach: its own, or those that a command names. */
export function hostsOf({ path, execHosts }: ConsoleConfig): string[] {
  const line = parseLinePath(path)
  if (line === undefined) return []
  return 'host' in line ? [line.host] : [...execHosts]
}

/** Where `oobm lines` puts them, and the addresses of their hosts; `$OOBM_LINES` in the lab. */
export const LINES_DIRECTORY = '/run/oobm-lines'
/** The sockets between the console bridge and the line programs, by console. */
export const LINE_SOCKETS_DIRECTORY = '/run/oobm-line'
/** Passwords and keys of commands, a folder for each console. */
export const LINE_SECRETS_DIRECTORY = '/etc/oobm/secrets/lines'
