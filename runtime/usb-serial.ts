/** What sysfs says of the USB devices that are plugged in, and of the serial lines that they are (sysfs(5)). */
import { readdir, readFile, readlink, realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'

export interface UsbDevice {
  /** As the kernel names it: bus, then the ports on the way to it: `1-1.2`; `usb1` is the root hub of bus 1. */
  name: string
  bus: number
  /** The ports below the root hub: `1.2`; `0` for a root hub. */
  port: string
  /** A new one each time that it is plugged in. */
  address: number
  /** Mbit/s: 480 for high speed, 12 for full speed; 5000 and more for USB 3. */
  speed: number
  isHub: boolean
  /** Of a hub: its ports. */
  ports: number
  idVendor: string
  idProduct: string
  /** What the device says of itself; undefined where it says nothing. */
  manufacturer: string | undefined
  product: string | undefined
  serial: string | undefined
}

/** A serial line of a device: an adapter with one socket has one. */
export interface UsbLine {
  /** `ttyUSB0`: numbered in the order in which the kernel finds them. */
  tty: string
  device: UsbDevice
  /** Configuration and interface: `1.3` is the fourth port of an FT4232. */
  interface: string
  /** The number of the interface as two hexadecimal digits, as udev writes it. */
  interfaceNumber: string
  /** Among the lines of this interface, from 0; undefined where the driver does not count. */
  index: number | undefined
  driver: string | undefined
}

export interface UsbLook {
  devices: readonly UsbDevice[]
  /** In the order of their ports. */
  lines: readonly UsbLine[]
}

/** @param sysfs its root: `/sys` */
export async function lookAtUsb(sysfs = '/sys'): Promise<UsbLook> {
  const folder = join(sysfs, 'bus', 'usb', 'devices')
  const names = await readdir(folder).catch((): string[] => [])
  // `1-1.2:1.0` is an interface, not a device.
  const found = await Promise.all(names.filter(name => !name.includes(':')).map(name => readDevice(folder, name)))
  const devices = found.flatMap(device => device ?? [])
  const ttys = await readdir(join(sysfs, 'class', 'tty')).catch((): string[] => [])
  const lines = await Promise.all(ttys.filter(isUsbTty).map(tty => readLine(sysfs, tty, devices)))
  return { devices, lines: lines.flatMap(line => line ?? []).sort(byPort) }
}

/** Names of usb-serial and of cdc-acm, the kernel's two kinds of serial lines on USB. */
export function isUsbTty(name: string): boolean {
  return /^tty(USB|ACM)\d+$/.test(name)
}

/** The name to which one of udev's links below /dev leads; that of any other device file is its own. */
export async function ttyOf(path: string): Promise<string> {
  return basename(await readlink(path).catch(() => path))
}

async function readDevice(folder: string, name: string): Promise<UsbDevice | undefined> {
  const read = (attribute: string) => readAttribute(join(folder, name, attribute))
  const [bus, port, idVendor, idProduct] = await Promise.all(['busnum', 'devpath', 'idVendor', 'idProduct'].map(read))
  // It was unplugged meanwhile.
  if (!bus || !port || !idVendor || !idProduct) return undefined
  const [speed, deviceClass, ports, address] = await Promise.all(
    ['speed', 'bDeviceClass', 'maxchild', 'devnum'].map(read),
  )
  const [manufacturer, product, serial] = await Promise.all(['manufacturer', 'product', 'serial'].map(read))
  return {
    ...{ name, bus: Number(bus), port, idVendor, idProduct, manufacturer, product, serial },
    speed: Number(speed),
    address: Number(address),
    isHub: deviceClass === '09',
    ports: Number(ports),
  }
}

async function readLine(sysfs: string, tty: string, devices: readonly UsbDevice[]): Promise<UsbLine | undefined> {
  const parent = await realpath(join(sysfs, 'class', 'tty', tty, 'device')).catch(() => '')
  const steps = parent.split('/')
  const at = steps.findLastIndex(step => /^\d+-[\d.]+:\d+\.\d+$/.test(step))
  const [name, number] = steps[at]?.split(':') ?? []
  const device = devices.find(device => device.name === name)
  if (device === undefined || number === undefined) return undefined
  const folder = steps.slice(0, at + 1).join('/')
  const [interfaceNumber = '00', index, driver] = await Promise.all([
    readAttribute(join(folder, 'bInterfaceNumber')),
    readAttribute(join(parent, 'port_number')),
    readlink(join(folder, 'driver')).catch(() => undefined),
  ])
  return {
    ...{ tty, device, interface: number, interfaceNumber },
    index: index === undefined ? undefined : Number(index),
    driver: driver === undefined ? undefined : basename(driver),
  }
}

/** Without the line end; undefined where it is absent or empty. */
async function readAttribute(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text.trim() === '' ? undefined : text.trim()
}

function byPort(a: UsbLine, b: UsbLine): number {
  const key = ({ device, ...line }: UsbLine) => `${device.name}:${line.interface}:${line.index ?? 0}`
  return key(a).localeCompare(key(b), 'en', { numeric: true })
}
