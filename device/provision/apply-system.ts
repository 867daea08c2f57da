/** Applies the settings of the site for this boot; none of the files outlives it. */
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import spawn from 'nano-spawn'
import { hotspotSpecPath, WIFI_INTERFACE } from '../../formats/hotspot.ts'
import type { Site } from '../../formats/site-config.ts'
import { stringifyToml } from '../../formats/toml-file.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { replaceLink, writeAtomically } from '../../runtime/write-atomically.ts'
import { makeDirectory } from '../import/install.ts'
import { readIfThere } from '../import/stored.ts'
import { isNameOfImage, serialName } from './board-serial.ts'
import { localPorts } from './local-ports.ts'
import { renderHotspot } from './render-hotspot.ts'
import { renderNetworkd } from './render-networkd.ts'
import { type RenderedWpa, renderWifi, renderWired } from './render-wpa.ts'
import { routerSpecs } from './router-specs.ts'

const NETWORK_DIRECTORY = '/run/systemd/network'

export interface SystemOptions {
  /** Below which everything is written; anything but `/` changes nothing that runs. */
  root: string
  /** /run/oobm-provision, as the programs will see it. */
  directory: string
  /** The host name where the site names none; undefined on a device without settings. */
  device: string | undefined
  serial: string | undefined
  say(line: string): void
}

/** An error in one setting is reported, and does not stop the others: a wrong time zone is no reason to be offline. */
export async function applySystem(site: Site, options: SystemOptions): Promise<void> {
  const { root, directory, device, say } = options
  const hostname = site.system.hostname ?? device?.replaceAll('_', '-').replace(/[.-]+$/, '')
  const steps: [what: string, work: () => Promise<void>][] = [
    ['the network', () => writeNetwork(site, root)],
    ['the modems', () => writeCellular(site, root, directory)],
    ['the fallback addresses', () => writeFallbacks(site, join(root, directory))],
    ['the sides of the addresses', () => writePorts(site, join(root, directory))],
    ['the roles of wired ports', () => writeRouters(site, join(root, directory))],
    ['Wi-Fi and 802.1X', () => writeWpa(site, root, directory)],
    ['the hotspot', () => writeHotspot(site, device, join(root, directory))],
    ['the host name', () => (hostname === undefined ? nameBySerial(options) : setHostname(hostname, root))],
    ['the name by the serial number', () => noteSerialName(hostname, options)],
    ['the time zone', () => setTimeZone(site.system.timeZone, root)],
    ['the language', () => writeAtomically(join(root, directory, 'language'), `${site.system.language}\n`, 0o644)],
  ]
  for (const [what, work] of steps) {
    try {
      await work()
    } catch (err) {
      say(`${what} could not be set: ${errorMessage(err)}`)
    }
  }
}

async function writeNetwork(site: Site, root: string): Promise<void> {
  const directory = join(root, NETWORK_DIRECTORY)
  await mkdir(directory, { recursive: true })
  const files = renderNetworkd(site)
  const links = site.cellular.map((_, slot) => [cellularLink(slot), `../../oobm-modem/${slot}.network`] as const)
  const names = [...Object.keys(files), ...links.map(([name]) => name)]
  for (const name of await readdir(directory)) {
    // That of a hotspot is there while it is on.
    if (/^\d\d-oobm-(?!hotspot-)/.test(name) && !names.includes(name)) await rm(join(directory, name))
  }
  // What a modem's network is, oobm-modem knows, and it may write to its own folder alone.
  for (const [name, target] of links) await replaceLink(join(directory, name), target)
  // networkd reads them as its own user.
  for (const [name, content] of Object.entries(files)) await writeAtomically(join(directory, name), content, 0o644)
}

/** Of the modem that is dialled as this entry: before the files of interfaces, which may match it, too. */
const cellularLink = (slot: number) => `40-oobm-cellular-${slot}.network`

/** For oobm-modem.service, which runs where there is such a file. */
async function writeCellular({ cellular }: Site, root: string, directory: string): Promise<void> {
  const path = join(root, directory, 'cellular.toml')
  if (cellular.length === 0) await rm(path, { force: true })
  else await writeAtomically(path, stringifyToml({ cellular }), 0o600)
}

/** For oobm-fallback@.service, which runs where there is such a file. */
async function writeFallbacks({ interfaces }: Site, directory: string): Promise<void> {
  const fallbacks = interfaces.flatMap(({ name, fallback }) =>
    fallback === undefined ? [] : [[name, fallback] as const],
  )
  await writeForInterfaces(directory, 'fallback', fallbacks)
}

/** For oobm-sides.service: the ports that may have addresses for those beside the board. */
async function writePorts(site: Site, directory: string): Promise<void> {
  await writeForInterfaces(directory, 'port', Object.entries(localPorts(site)))
}

/** A file for each interface, `WHAT-IF`, and none for others. */
async function writeForInterfaces(directory: string, what: string, lines: (readonly [name: string, line: string])[]) {
  const files = new Map(lines.map(([name, line]) => [`${what}-${name}`, line]))
  for (const file of await readdir(directory))
    if (file.startsWith(`${what}-`) && !files.has(file)) await rm(join(directory, file))
  for (const [file, line] of files) await writeAtomically(join(directory, file), `${line}\n`, 0o644)
}

/** For oobm-router@.service, which runs where there is such a file. */
async function writeRouters(site: Site, directory: string): Promise<void> {
  const specs = routerSpecs(site)
  for (const name of await readdir(directory)) {
    if (name.startsWith('router-') && !(name in specs)) await rm(join(directory, name))
  }
  for (const [name, spec] of Object.entries(specs))
    await writeAtomically(join(directory, name), `${JSON.stringify(spec)}\n`, 0o644)
}

/** For oobm-hotspot@.service, which starts where there are such files: `hotspot-IF`, and the same with `.wpa` and `.network`. */
async function writeHotspot(site: Site, device: string | undefined, directory: string): Promise<void> {
  const rendered = renderHotspot(site, device)
  const files = new Map<string, [content: string, mode: number]>()
  if (rendered !== undefined) {
    const { spec, wpa, network } = rendered
    const path = hotspotSpecPath(directory, spec.interface)
    files.set(path, [`${JSON.stringify(spec)}\n`, 0o644])
    files.set(`${path}.wpa`, [wpa, 0o600])
    files.set(`${path}.network`, [network, 0o644])
  }
  for (const name of await readdir(directory))
    if (name.startsWith('hotspot-') && !files.has(join(directory, name))) await rm(join(directory, name))
  for (const [path, [content, mode]] of files) await writeAtomically(path, content, mode)
}

/** Without networks there is no file, and so no wpa_supplicant. */
export async function writeWpa(site: Site, root: string, directory: string): Promise<void> {
  const configs: Record<string, RenderedWpa | undefined> = {}
  for (const entry of site.interfaces) configs[`wpa_supplicant-${entry.name}.conf`] = renderWired(entry, directory)
  // Last: an interface that has an entry for its address has its networks all the same.
  if (site.wifi.length > 0) configs[`wpa_supplicant-${WIFI_INTERFACE}.conf`] = renderWifi(site, directory)
  const target = join(root, directory)
  for (const name of await readdir(target)) {
    if (/\.(conf|pem)$/.test(name)) await rm(join(target, name))
  }
  for (const [name, rendered] of Object.entries(configs)) {
    if (rendered === undefined) continue
    for (const { path, content } of rendered.files) await writeAtomically(join(root, path), content, 0o600)
    await writeAtomically(join(target, name), rendered.config, 0o600)
  }
}

/** By which mDNS finds a board without settings; a host name that somebody chose stays. */
async function nameBySerial({ root, serial }: SystemOptions): Promise<void> {
  const present = (await readIfThere(join(root, '/etc/hostname')))?.trim() ?? ''
  if (serial !== undefined && isNameOfImage(present)) await setHostname(serialName(serial), root)
}

/** For oobm-serial-name.service: the name by which mDNS finds the board beside its host name. */
async function noteSerialName(hostname: string | undefined, { root, directory, serial }: SystemOptions): Promise<void> {
  const path = join(root, directory, 'serial-name')
  const name = serial && serialName(serial)
  if (name === undefined || hostname === undefined || hostname === name) await rm(path, { force: true })
  else await writeAtomically(path, `${name}\n`, 0o644)
}

/** The kernel's name, and the files where other programs look for it: `sudo` wants to find its own host. */
async function setHostname(name: string, root: string): Promise<void> {
  await makeDirectory(join(root, '/etc'), 0o755)
  await writeAtomically(join(root, '/etc/hostname'), `${name}\n`, 0o644)
  const short = name.split('.')[0] ?? name
  const own = `127.0.1.1\t${short === name ? name : `${name} ${short}`}\n`
  const others = (await readIfThere(join(root, '/etc/hosts'))) ?? '127.0.0.1\tlocalhost\n'
  await writeAtomically(join(root, '/etc/hosts'), `${others.replace(/^127\.0\.1\.1\s.*\n/gm, '')}${own}`, 0o644)
  if (root === '/') await spawn('hostname', [name])
}

async function setTimeZone(name: string, root: string): Promise<void> {
  const zone = join('/usr/share/zoneinfo', name)
  // A zone that this system does not have is shown as UTC by everything.
  await stat(join(root, zone))
  const link = join(root, '/etc/localtime')
  await mkdir(dirname(link), { recursive: true })
  await replaceLink(link, `..${zone}`)
}
