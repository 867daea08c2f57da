/** The USB adapters that are plugged in: what each is, which console it is, and what to write so that it stays one. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import {
  type ConsoleConfig,
  type DeviceConfig,
  deviceConfigSchema,
  namedConsoles,
  spareConsoles,
} from '../../formats/device-config.ts'
import { deviceConfigPath, kernelFolders } from '../../formats/directories.ts'
import { parseToml } from '../../formats/toml-file.ts'
import { identityOf, isById, lineAt, portText, sharedIdentities } from '../../formats/usb-binding.ts'
import { usbPortOfPath } from '../../formats/usb-port.ts'
import { lookAtUsb, ttyOf, type UsbLook } from '../../runtime/usb-serial.ts'
import { readConsoleBridge } from '../daemons/read-daemon.ts'

/** One serial line of an adapter. */
export const adapterSchema = z.object({
  /** As `usb = …` has it. */
  port: z.string(),
  /** As the kernel names it: `1-1.2:1.0`. */
  kernelName: z.string(),
  /** `0403:6001` */
  chip: z.string(),
  product: z.string().nullable(),
  driver: z.string().nullable(),
  serialNumber: z.string().nullable(),
  /** Whether another adapter on this device has the same, or none either: it says nothing then. */
  shared: z.boolean(),
  tty: z.string(),
  /** udev's names; by-path has the name of the board's USB controller in it. */
  byId: z.string().nullable(),
  byPath: z.string().nullable(),
  /** The console that it is; of a spare port, the provisional one. */
  console: z.string().nullable(),
  provisional: z.boolean(),
  /** Its address on the bus, a new one each time that it is plugged in. */
  pluggedAs: z.int(),
})

export type Adapter = z.output<typeof adapterSchema>

export async function listAdapters(env: NodeJS.ProcessEnv): Promise<Adapter[]> {
  const { sysfs, dev } = kernelFolders(env)
  const [look, config, bridge] = await Promise.all([lookAtUsb(sysfs), configOf(env), readConsoleBridge(env)])
  const [byId, byPath] = await Promise.all(['by-id', 'by-path'].map(kind => linksIn(join(dev, 'serial', kind))))
  const shared = new Set([...sharedIdentities(look), ...((bridge.running && bridge.status.sharedNames) || [])])
  const named = config ? await ttysOf(namedConsoles(config), look, shared) : new Map<string, string>()
  const spare = config ? await ttysOf(spareConsoles(config), look, shared) : new Map<string, string>()
  return look.lines.map(line => {
    const { device, tty, driver = null } = line
    const { product = null, serial = null } = device
    return {
      ...{ port: portText(look, line), kernelName: `${device.name}:${line.interface}` },
      ...{ chip: `${device.idVendor}:${device.idProduct}`, product, driver, serialNumber: serial },
      shared: shared.has(identityOf(device)),
      tty: join(dev, tty),
      byId: byId?.get(tty) ?? null,
      byPath: byPath?.get(tty) ?? null,
      console: named.get(tty) ?? spare.get(tty) ?? null,
      provisional: !named.has(tty) && spare.has(tty),
      pluggedAs: device.address,
    }
  })
}

/** The setting that binds a console to this adapter. */
export function bindingOf({ byId, serialNumber, shared, port }: Adapter): { key: 'path' | 'usb'; value: string } {
  return byId === null || serialNumber === null || shared ? { key: 'usb', value: port } : { key: 'path', value: byId }
}

/** Of a device that has one. */
export async function configOf(env: NodeJS.ProcessEnv): Promise<DeviceConfig | undefined> {
  const path = deviceConfigPath(env)
  try {
    return parseToml(path, await readFile(path, 'utf8'), deviceConfigSchema)
  } catch {
    return undefined
  }
}

/** Which console has which tty now. @param shared identities that say nothing: the bridge opens no console by them */
async function ttysOf(
  consoles: readonly ConsoleConfig[],
  look: UsbLook,
  shared: ReadonlySet<string>,
): Promise<Map<string, string>> {
  const found = await Promise.all(consoles.map(({ path }) => lineOf(path, look, shared)))
  return new Map(consoles.flatMap(({ name }, at) => (found[at] === undefined ? [] : [[found[at], name] as const])))
}

async function lineOf(path: string, look: UsbLook, shared: ReadonlySet<string>): Promise<string | undefined> {
  const port = usbPortOfPath(path)
  if (port !== undefined) return lineAt(look, port).line?.tty
  const tty = await ttyOf(path)
  const line = isById(path) ? look.lines.find(line => line.tty === tty) : undefined
  return line && shared.has(identityOf(line.device)) ? undefined : tty
}

/** udev's names by the tty that each leads to. */
async function linksIn(folder: string): Promise<Map<string, string>> {
  const names = await readdir(folder).catch((): string[] => [])
  const paths = names.sort().map(name => join(folder, name))
  const ttys = await Promise.all(paths.map(ttyOf))
  return new Map(paths.map((path, at) => [ttys[at] ?? '', path]))
}
