/** Which serial line a USB port or a serial number means now, and how to write it so that it stays; pure. */
import type { UsbDevice, UsbLine, UsbLook } from '../runtime/usb-serial.ts'
import type { UsbPort } from './usb-port.ts'

/** The line, or why there is none, as a clause that says what to write. */
export type Found = { line: UsbLine } | { line?: undefined; cause: string }

/** The line at a USB port. Where more than one could be meant, none is. */
export function lineAt(look: UsbLook, wanted: UsbPort): Found {
  const { bus, port } = wanted
  const buses = busesWith(look, port)
  if (bus === undefined && buses.length > 1) {
    const forms = buses.map(bus => `usb = "${bus}-${port}"`)
    return missing(`this board has several USB buses with a port ${port}: write ${forms.join(' or ')}`)
  }
  const where = bus === undefined ? `USB port ${port}` : `USB port ${bus}-${port}`
  const device = look.devices.find(device => device.port === port && device.bus === (bus ?? device.bus))
  if (device === undefined) return missing(`nothing is plugged in at ${where}`)
  const own = look.lines.filter(line => line.device === device)
  if (own.length === 0) return missing(`at ${where} there is ${describeOther(device, where)}`)
  const fitting = own.filter(
    line =>
      (wanted.interface === undefined || line.interface === wanted.interface) &&
      (wanted.index === undefined || line.index === wanted.index),
  )
  const [line, ...others] = fitting
  if (line !== undefined && others.length === 0) return { line }
  const forms = (line === undefined ? own : fitting).map(line => `"${portText(look, line)}"`)
  const what = line === undefined ? `has no interface ${wanted.interface}` : `has ${fitting.length} serial ports`
  return missing(`the adapter at ${where} ${what}: write usb = ${forms.join(' or ')}`)
}

function missing(cause: string): Found {
  return { cause }
}

function describeOther({ isHub, product, idVendor, idProduct, port }: UsbDevice, where: string): string {
  if (isHub) return `a hub: write one of its ports, such as usb = "${port}.1", or plug an adapter in at ${where}`
  return `${product ?? `${idVendor}:${idProduct}`}, which is not a serial adapter or has no driver here`
}

/** Buses that have such a port for devices below USB 3: an adapter never is on the USB 3 half of a root hub. */
function busesWith({ devices }: UsbLook, port: string): number[] {
  const first = Number(port.split('.')[0])
  return devices
    .filter(({ name, speed, ports }) => name.startsWith('usb') && speed <= 480 && first <= ports)
    .map(({ bus }) => bus)
    .sort((a, b) => a - b)
}

/** How `usb = …` names this line: no longer than needed to mean it alone. */
export function portText(look: UsbLook, line: UsbLine): string {
  const { device, index } = line
  const at = busesWith(look, device.port).length > 1 ? device.name : device.port
  const own = look.lines.filter(other => other.device === device)
  if (own.length <= 1) return at
  const isAlone = own.filter(other => other.interface === line.interface).length === 1
  return `${at}:${line.interface}${isAlone || index === undefined ? '' : `:${index}`}`
}

/**
 * What udev makes names of, manufacturer, product and serial number (ID_SERIAL in udev-builtin-usb_id.c): two adapters
 * with the same have one name below /dev/serial/by-id.
 */
export function identityOf({ manufacturer, product, serial, idVendor, idProduct }: UsbDevice): string {
  const parts = [manufacturer ?? idVendor, product ?? idProduct, ...(serial === undefined ? [] : [serial])]
  return parts.map(udevText).join('_')
}

/** util_replace_whitespace() and udev_replace_chars() of systemd. */
function udevText(text: string): string {
  return text
    .trim()
    .replaceAll(/\s+/g, '_')
    .replaceAll(/[^0-9A-Za-z#+.:=@_-]/g, '_')
}

/** The name that udev gives this line below /dev/serial/by-id (60-serial.rules). */
export function byIdName({ device, interfaceNumber, index }: UsbLine): string {
  return `usb-${identityOf(device)}-if${interfaceNumber}${index === undefined ? '' : `-port${index}`}`
}

/** Whether a path is such a name. */
export function isById(path: string): boolean {
  return path.split('/').at(-2) === 'by-id'
}

/** Identities that more than one adapter has now, each once. */
export function sharedIdentities({ lines }: UsbLook): string[] {
  const devices = [...new Set(lines.map(({ device }) => device))]
  const all = devices.map(identityOf)
  return [...new Set(all.filter((identity, at) => all.indexOf(identity) !== at))]
}
