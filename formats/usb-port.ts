/** The USB port that a console is bound to, as `usb = "1.2"` writes it, and the names of spare ports; pure. */
import * as z from 'zod'

export interface UsbPort {
  /** Only for boards on which several root hubs have such a port. */
  bus: number | undefined
  /** The ports below the root hub, as the kernel numbers them: `1.2` for `/sys/bus/usb/devices/1-1.2`. */
  port: string
  /** Configuration and interface, for an adapter with several serial ports: `1.3`. */
  interface: string | undefined
  /** Among the serial ports of one interface. */
  index: number | undefined
}

const FORM = /^(?:(\d{1,3})-)?([1-9]\d{0,2}(?:\.[1-9]\d{0,2}){0,6})(?::(\d{1,3}\.\d{1,3})(?::(\d{1,2}))?)?$/

export const USB_PORT_EXAMPLE = '1.2'

/** As it is typed; {@link parseUsbPort} takes it apart. */
export const usbPortSchema = z
  .string()
  .regex(FORM, `must be a USB port such as "${USB_PORT_EXAMPLE}", or "1.2:1.3" with the interface of an adapter`)

/** @returns undefined for a text of another form */
export function parseUsbPort(text: string): UsbPort | undefined {
  const [, bus, port, number, index] = FORM.exec(text) ?? []
  if (port === undefined) return undefined
  return {
    bus: bus === undefined ? undefined : Number(bus),
    port,
    interface: number,
    index: index === undefined ? undefined : Number(index),
  }
}

/** The kind of line in the path of a console that is bound to a USB port: `usb:1.2`. */
export const USB_SCHEME = 'usb'

/** The port in a path such as `usb:1.2`; undefined for any other path. */
export function usbPortOfPath(path: string): UsbPort | undefined {
  return path.startsWith(`${USB_SCHEME}:`) ? parseUsbPort(path.slice(USB_SCHEME.length + 1)) : undefined
}

/**
 * The provisional name of a console at a spare port: `rack1-usb1.2`, and `rack1-usb1.2-if1.3` with an interface. A
 * colon would end the technician's name in a login.
 */
export function spareConsoleName(device: string, port: string): string {
  const [at, ...numbers] = port.split(':')
  return `${device}-usb${at}${numbers.length > 0 ? `-if${numbers.join('-')}` : ''}`
}
