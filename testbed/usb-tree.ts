/** A /sys and a /dev as the kernel shows them, with USB adapters that can be plugged in and out; the lines are ptys. */
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { type PtyTarget, ptyTarget } from './pty-target.ts'
import { scratchDirectory } from './scratch.ts'
import type { TestContext } from './suite.ts'

export interface AdapterKind {
  idVendor: string
  idProduct: string
  manufacturer: string
  product: string
  serial?: string
  driver: string
  /** 4 for an FT4232. */
  interfaces?: number
  /** Lines of one interface: 4 for a mos7840. */
  linesEach?: number
  /** `ttyACM` for cdc_acm. */
  tty?: 'ttyUSB' | 'ttyACM'
}

export const FT232: AdapterKind = {
  ...{ idVendor: '0403', idProduct: '6001', manufacturer: 'FTDI', product: 'FT232R USB UART', driver: 'ftdi_sio' },
}
export const FT4232: AdapterKind = { ...FT232, idProduct: '6011', product: 'Quad RS232-HS', interfaces: 4 }
export const CH340: AdapterKind = {
  ...{ idVendor: '1a86', idProduct: '7523', manufacturer: 'QinHeng', product: 'USB Serial', driver: 'ch341' },
}

export interface Plugged {
  /** Each of its lines, in the order of its interfaces. */
  lines: { tty: string; target: PtyTarget | undefined }[]
  unplug(): Promise<void>
}

/**
 * The layout is that of Linux 6.12: /sys/class/tty/ttyUSB0/device → …/usb1/1-1/1-1.2/1-1.2:1.0/ttyUSB0, port_number in
 * it, bInterfaceNumber and driver in the interface, the rest in the device (Documentation/ABI/testing/sysfs-bus-usb).
 */
export async function usbTree(
  context: TestContext,
  { buses = [1], usb3 = [] }: { buses?: number[]; usb3?: number[] } = {},
) {
  const root = await scratchDirectory(context)
  const [sysfs, dev] = [join(root, 'sys'), join(root, 'dev')]
  const folders = ['class/tty', 'bus/usb/devices', 'bus/usb/drivers'].map(folder => join(sysfs, folder))
  for (const folder of [...folders, dev]) await mkdir(folder, { recursive: true })
  let address = 0
  const folderOf = (name: string) => {
    const [bus = '1', ports = ''] = name.split('-')
    const steps = ports.split('.').map((_port, at, all) => `${bus}-${all.slice(0, at + 1).join('.')}`)
    return join(sysfs, 'devices', `usb${bus}`, ...steps)
  }
  const writeAll = async (folder: string, values: Record<string, string | undefined>) => {
    await mkdir(folder, { recursive: true })
    for (const [key, value] of Object.entries(values)) {
      if (value !== undefined) await writeFile(join(folder, key), `${value}\n`)
    }
  }
  const device = async (name: string, folder: string, values: Record<string, string | undefined>) => {
    const [bus = '1', devpath = '0'] = name.replace(/^usb/, '').split('-')
    await writeAll(folder, {
      busnum: bus,
      devnum: String(++address),
      devpath,
      speed: '12',
      bDeviceClass: '00',
      maxchild: '0',
      ...values,
    })
    await symlink(relative(join(sysfs, 'bus/usb/devices'), folder), join(sysfs, 'bus/usb/devices', name))
  }
  for (const bus of [...buses, ...usb3]) {
    await device(`usb${bus}`, join(sysfs, 'devices', `usb${bus}`), {
      ...{ idVendor: '1d6b', idProduct: '0002', product: 'Host Controller', maxchild: '4' },
      speed: usb3.includes(bus) ? '5000' : '480',
      bDeviceClass: '09',
    })
  }
  let next = 0

  const unplug = async (name: string) => {
    await rm(join(sysfs, 'bus/usb/devices', name), { force: true })
    await rm(folderOf(name), { recursive: true, force: true })
  }

  return {
    sysfs,
    dev,
    /** @param name as the kernel's: `1-1` */
    plugHub: async (name: string) => {
      const values = { idVendor: '0424', idProduct: '2514', product: 'USB 2.0 Hub', bDeviceClass: '09', maxchild: '4' }
      await device(name, folderOf(name), values)
      return { unplug: () => unplug(name) }
    },
    /** @param options with ptys, its lines can be opened; `number`: of its first tty, else the next free one */
    plug: async (
      name: string,
      kind: AdapterKind,
      { ptys = false, number = next }: { ptys?: boolean; number?: number } = {},
    ): Promise<Plugged> => {
      const { driver, interfaces = 1, linesEach = 1, tty: prefix = 'ttyUSB', ...values } = kind
      const folder = folderOf(name)
      await device(name, folder, values as unknown as Record<string, string>)
      await mkdir(join(sysfs, 'bus/usb/drivers', driver), { recursive: true })
      const lines: Plugged['lines'] = []
      for (let at = 0; at < interfaces * linesEach; at++) {
        const [interfaceAt, index] = [Math.floor(at / linesEach), at % linesEach]
        const tty = `${prefix}${number + at}`
        const own = join(folder, `${name}:1.${interfaceAt}`)
        await writeAll(own, { bInterfaceNumber: String(interfaceAt).padStart(2, '0') })
        await symlink(join(sysfs, 'bus/usb/drivers', driver), join(own, 'driver')).catch(() => {})
        const lineFolder = prefix === 'ttyUSB' ? join(own, tty) : own
        if (prefix === 'ttyUSB') await writeAll(lineFolder, { port_number: String(index) })
        await mkdir(join(lineFolder, 'tty', tty), { recursive: true })
        await symlink(lineFolder, join(lineFolder, 'tty', tty, 'device'))
        await symlink(join(lineFolder, 'tty', tty), join(sysfs, 'class/tty', tty))
        const target = ptys ? await ptyTarget(context, await scratchDirectory(context)) : undefined
        // The node comes last, as with the kernel.
        if (target) await symlink(target.path, join(dev, tty))
        lines.push({ tty, target })
      }
      next = Math.max(next, number + lines.length)
      return {
        lines,
        unplug: async () => {
          for (const { tty } of lines) {
            await rm(join(dev, tty), { force: true })
            await rm(join(sysfs, 'class/tty', tty), { force: true })
          }
          await unplug(name)
        },
      }
    },
    /** What udev makes of it: a name that leads to this tty. */
    link: async (id: string, tty: string) => {
      const folder = join(dev, 'serial', 'by-id')
      await mkdir(folder, { recursive: true })
      await rm(join(folder, id), { force: true })
      await symlink(join(dev, tty), join(folder, id))
      return join(folder, id)
    },
  }
}
