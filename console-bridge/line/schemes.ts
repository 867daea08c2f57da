/**
 * Chooses how a line is opened: by the scheme before the colon of its path, as in pyserial; a plain path is a device
 * file.
 */
import type { ConsoleConfig } from '../../formats/device-config.ts'
import { STABLE_EXAMPLE } from '../../formats/serial-path.ts'
import { USB_SCHEME } from '../../formats/usb-port.ts'
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
  if (hasDeviceFile(path)) return openDevice
  const scheme = schemeOf(path)
  const open = Object.hasOwn(schemes, scheme) ? schemes[scheme] : undefined
  if (open) return open
  const known = Object.keys(schemes).map(known => `${known}:`)
  throw new UserError(
    `console ${name}: unknown kind of line "${scheme}:"; path must be ${[`a device file such as ${STABLE_EXAMPLE}`, ...known].join(', or ')}`,
    EXIT.configuration,
  )
}

/** Whether the line is a device file: by its path, or by the USB port of its adapter. */
export function hasDeviceFile(path: string): boolean {
  return path.startsWith('/') || schemeOf(path) === USB_SCHEME
}

function schemeOf(path: string): string {
  return path.slice(0, path.indexOf(':'))
}
