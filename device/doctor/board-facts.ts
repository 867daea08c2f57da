/** What the board and its kernel say of themselves, as far as they do: read from sysfs, procfs and the kernel's log. */
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { readdir, readFile, stat, statfs } from 'node:fs/promises'
import { release } from 'node:os'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import { kernelFolders } from '../../formats/directories.ts'
import { errorCode } from '../../runtime/errors.ts'

export interface BoardFacts {
  /** Text of /proc/net/route. */
  routes: string | undefined
  /** Text of /proc/net/ipv6_route. */
  routes6: string | undefined
  /** Variables of a proxy, from /etc/environment. */
  environment: string
  /** Where systemd-timesyncd runs: when it set the clock last, in milliseconds since 1970, or null. */
  timesync: { setAt: number | null } | undefined
  /** File systems by ext4's own count. */
  ext4: { device: string; errors: number; lastError: string; writtenKib: number }[]
  /** Cards and eMMC; hexadecimal registers of JEDEC eMMC 5.0 (JESD84-B50, EXT_CSD 267 to 269), where the kernel shows them. */
  cards: { name: string; model: string; lifeTime: string; preEol: string }[]
  /** Of the partition with what is kept. */
  disk: { path: string; free: number; total: number } | undefined
  /** Of the processor, in thousandths of a degree Celsius. */
  temperature: number | undefined
  /** The firmware's register; undefined where there is none. */
  throttled: number | undefined
  /** Lines of the kernel's log since the start; undefined for who may not read it. */
  kernelLog: string[] | undefined
  kernel: string
  /** Versions with modules on the disk. */
  modules: string[]
  isAppliance: boolean
}

/** Milliseconds for vcgencmd, which answers in a few. */
const VCGENCMD_MS = 2_000
/** Lines of the kernel's log that are read: a board that runs for years keeps fewer. */
const LOG_LINES_MAX = 20_000
const RECORD_BYTES = 8_192

export async function readBoardFacts(env: NodeJS.ProcessEnv): Promise<BoardFacts> {
  const root = env.OOBM_ROOT ?? '/'
  const { sysfs, dev } = kernelFolders(env)
  const text = async (path: string) => (await readFile(path, 'utf8').catch(() => undefined))?.trim()
  const list = (path: string) => readdir(path).catch((): string[] => [])
  const timesyncFolder = join(root, 'run/systemd/timesync')
  const setAt = await stat(join(timesyncFolder, 'synchronized')).catch(() => undefined)
  const hasTimesync = (await stat(timesyncFolder).catch(() => undefined)) !== undefined
  const ext4Folder = join(sysfs, 'fs/ext4')
  const blocks = (await list(join(sysfs, 'block'))).filter(name => name.startsWith('mmcblk'))
  const kept = join(root, 'var/lib/oobm')
  const space = await statfs(kept).catch(() => undefined)
  const [routes, routes6, environment, temperature, throttled, modules] = await Promise.all([
    text(join(root, 'proc/net/route')),
    text(join(root, 'proc/net/ipv6_route')),
    text(join(root, 'etc/environment')),
    readTemperature(sysfs),
    readThrottled(sysfs, root),
    list(join(root, 'usr/lib/modules')),
  ])
  const ext4 = await Promise.all(
    (await list(ext4Folder)).map(async device => {
      const fact = async (name: string) => (await text(join(ext4Folder, device, name))) ?? ''
      const [errors, lastError, writtenKib] = await Promise.all(
        ['errors_count', 'last_error_func', 'lifetime_write_kbytes'].map(fact),
      )
      return { device, errors: Number(errors) || 0, lastError: lastError ?? '', writtenKib: Number(writtenKib) || 0 }
    }),
  )
  const cards = await Promise.all(
    blocks
      .filter(name => /^mmcblk\d+$/.test(name))
      .map(async name => {
        const fact = async (file: string) => (await text(join(sysfs, 'block', name, 'device', file))) ?? ''
        const [model = '', lifeTime = '', preEol = ''] = await Promise.all(
          ['name', 'life_time', 'pre_eol_info'].map(fact),
        )
        return { name, model, lifeTime, preEol }
      }),
  )
  return {
    ...{ routes, routes6, ext4, cards, temperature, throttled, modules },
    environment: environment ?? '',
    timesync: hasTimesync ? { setAt: setAt?.mtimeMs ?? null } : undefined,
    disk: space && { path: kept, free: space.bavail * space.bsize, total: space.blocks * space.bsize },
    kernelLog: readKernelLog(join(dev, 'kmsg')),
    kernel: env.OOBM_KERNEL ?? release(),
    isAppliance: (await stat(env.OOBM_FACTS ?? '/run/oobm-appliance').catch(() => undefined)) !== undefined,
  }
}

/** Other zones are of other parts: a PC's battery, a Wi-Fi chip. */
async function readTemperature(sysfs: string): Promise<number | undefined> {
  const folder = join(sysfs, 'class/thermal')
  for (const zone of await readdir(folder).catch((): string[] => [])) {
    const type = await readFile(join(folder, zone, 'type'), 'utf8').catch(() => '')
    if (type.trim() !== 'cpu-thermal') continue
    const value = Number(await readFile(join(folder, zone, 'temp'), 'utf8').catch(() => ''))
    if (value > 0) return value
  }
  return undefined
}

/**
 * By the kernel where it shows the register, else by the firmware's own program
 * (https://www.raspberrypi.com/documentation/computers/os.html#get_throttled), else by the voltage sensor's alarm.
 */
async function readThrottled(sysfs: string, root: string): Promise<number | undefined> {
  const shown = await readFile(join(sysfs, 'devices/platform/soc/soc:firmware/get_throttled'), 'utf8').catch(() => '')
  if (shown.trim() !== '') return Number.parseInt(shown, 16)
  if (root === '/') {
    const { stdout } = await spawn('vcgencmd', ['get_throttled'], { timeout: VCGENCMD_MS }).catch(() => ({
      stdout: '',
    }))
    const [, value] = /^throttled=(0x[0-9a-f]+)$/m.exec(stdout) ?? []
    if (value !== undefined) return Number(value)
  }
  const folder = join(sysfs, 'class/hwmon')
  for (const name of await readdir(folder).catch((): string[] => [])) {
    const sensor = await readFile(join(folder, name, 'name'), 'utf8').catch(() => '')
    if (sensor.trim() !== 'rpi_volt') continue
    const alarm = await readFile(join(folder, name, 'in0_lcrit_alarm'), 'utf8').catch(() => '')
    if (alarm.trim() !== '') return alarm.trim() === '0' ? 0 : 1
  }
  return undefined
}

/** A read gives one record (Documentation/ABI/testing/dev-kmsg); a test's file gives all at once. Only root may, on most systems. */
function readKernelLog(path: string): string[] | undefined {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
  const lines: string[] = []
  const buffer = Buffer.alloc(RECORD_BYTES)
  try {
    while (lines.length < LOG_LINES_MAX) {
      let count: number
      try {
        count = readSync(file, buffer)
      } catch (err) {
        // What was overwritten while it was read is skipped.
        if (errorCode(err) === 'EPIPE') continue
        break
      }
      if (count === 0) break
      const records = buffer.toString('utf8', 0, count).split('\n')
      lines.push(...records.filter(line => line.includes(';')).map(line => line.slice(line.indexOf(';') + 1)))
    }
  } finally {
    closeSync(file)
  }
  return lines
}
