/** Which device file a console's adapter is now, by USB port or serial number; asked at each opening. */
import { basename, join } from 'node:path'
import type { ConsoleConfig } from '../../formats/device-config.ts'
import { byIdName, identityOf, isById, lineAt, portText, sharedIdentities } from '../../formats/usb-binding.ts'
import { usbPortOfPath } from '../../formats/usb-port.ts'
import { UserError } from '../../runtime/errors.ts'
import { isUsbTty, lookAtUsb, ttyOf, type UsbLine, type UsbLook } from '../../runtime/usb-serial.ts'
import { type Awaited, awaitFile } from './device-return.ts'
import type { OpenLine } from './line.ts'
import type { SharedSerials } from './shared-serials.ts'

export interface Adapters {
  /** `/sys` */
  sysfs: string
  /** `/dev` */
  dev: string
  shared: SharedSerials
  /** Consoles whose adapters are not offered at spare ports. */
  named: readonly ConsoleConfig[]
}

/** Opens the device file that the adapter has now. @param openDevice for a device file */
export function openAdapter(adapters: Adapters, openDevice: OpenLine): OpenLine {
  return async (console, events) => openDevice({ ...console, path: await deviceOf(console, adapters) }, events)
}

/** Milliseconds without a sign for an empty port: /dev itself is always there. Within the bound of a stuck loop, 30 s. */
const EMPTY_PORT_MS = 20_000

/** Signs that the adapter of this console may have come. */
export function awaitAdapter(console: ConsoleConfig, adapters: Adapters): Awaited {
  if (usbPortOfPath(console.path) === undefined) return awaitFile(console.path)
  return {
    directory: adapters.dev,
    absentMs: EMPTY_PORT_MS,
    // Each keystroke on another adapter changes a node: only new ones count.
    isSign: (name, isNew) => isNew && isUsbTty(name),
    isThere: () =>
      deviceOf(console, adapters).then(
        () => true,
        () => false,
      ),
  }
}

/**
 * @returns the path to open
 * @throws UserError that says what to write, where it is not certain which adapter is meant
 */
export async function deviceOf(console: ConsoleConfig, adapters: Adapters): Promise<string> {
  const { path, isProvisional } = console
  const port = usbPortOfPath(path)
  if (port === undefined && !isById(path)) return path
  const tty = port === undefined ? await ttyOf(path) : undefined
  const look = await lookAtUsb(adapters.sysfs)
  const shared = await adapters.shared.with(sharedIdentities(look))
  if (port === undefined) {
    const line = look.lines.find(line => line.tty === tty)
    if (line !== undefined && shared.has(identityOf(line.device))) throw new UserError(describeShared(look, line))
    // An adapter that was plugged in meanwhile may be one that the look does not have: it would be opened unchecked.
    return (await ttyOf(path)) === tty ? path : deviceOf(console, adapters)
  }
  const found = lineAt(look, port)
  if (found.line === undefined) throw new UserError(found.cause)
  const { line } = found
  const owner = isProvisional ? await ownerOf(line, look, adapters.named) : undefined
  if (owner !== undefined) throw new UserError(`the adapter at this port is the console ${owner}`)
  return join(adapters.dev, line.tty)
}

/** udev gives the name to one of them, whichever comes last. */
function describeShared(look: UsbLook, line: UsbLine): string {
  const identity = identityOf(line.device)
  const { serial } = line.device
  const what = serial === undefined ? 'no serial number' : `the serial number ${serial}`
  const forms = look.lines
    .filter(other => identityOf(other.device) === identity && other.interfaceNumber === line.interfaceNumber)
    .map(other => `"${portText(look, other)}"`)
  const when = forms.length > 1 ? 'several adapters of this name are plugged in' : 'several adapters had this name once'
  return `${when}, each with ${what}: in place of path, write usb = ${forms.join(' or ')}`
}

/** The console that has this line; udev may not have made the link yet, so names are compared, too. */
async function ownerOf(line: UsbLine, look: UsbLook, named: readonly ConsoleConfig[]): Promise<string | undefined> {
  for (const { name, path } of named) {
    const port = usbPortOfPath(path)
    const tty = port === undefined ? await ttyOf(path) : lineAt(look, port).line?.tty
    if (tty === line.tty || (isById(path) && basename(path) === byIdName(line))) return name
  }
  return undefined
}
