/**
 * Chooses how a line is opened: by the scheme before the colon of its path, as in pyserial; a plain path is a device
 * file.
 */
import type { ConsoleConfig } from '../../formats/device-config.ts'
import { STABLE_EXAMPLE } from '../../formats/serial-path.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import type { OpenLine } from './line.ts'

/**
 * @param openDevice for a device file
 * @param schemes for `scheme:rest`, by their schemes
 * @throws UserError for a scheme that nobody registered
 */
export function openLineOf(
  { name, path }: ConsoleConfig,
  openDevice: OpenLine,
  schemes: Readonly<Record<string, OpenLine>>,
): OpenLine {
  const scheme = schemeOf(path)
  if (scheme === undefined) return openDevice
  const open = Object.hasOwn(schemes, scheme) ? schemes[scheme] : undefined
  if (open) return open
  const known = Object.keys(schemes).map(known => `${known}:`)
  throw new UserError(
    `console ${name}: unknown kind of line "${scheme}:"; path must be ${[`a device file such as ${STABLE_EXAMPLE}`, ...known].join(', or ')}`,
    EXIT.configuration,
  )
}

/** The part before the colon; undefined for a device file. */
export function schemeOf(path: string): string | undefined {
  return path.startsWith('/') ? undefined : path.slice(0, path.indexOf(':'))
}
