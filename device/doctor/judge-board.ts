/** What the facts of a board mean, and what to do; nothing where the hardware does not tell; pure. */
import { describeAge } from '../../cli/times.ts'
import type { BoardFacts } from './board-facts.ts'
import { type Finding, ok, warning, wrong } from './finding.ts'

const MIB = 1_048_576
const NEW_CARD = 'replace the card: flash a new one, and put the oobm.toml of this device on it'
const SUPPLY = 'use a supply of 5.1 V and enough ampere with its own short cable; feed adapters from a powered hub'

export function judgeBoard(facts: BoardFacts, nowMs: number): Finding[] {
  return [
    ...judgeRoutes(facts),
    ...judgeProxy(facts),
    ...judgeTimesync(facts, nowMs),
    ...judgeDisk(facts),
    ...judgeFileSystems(facts),
    ...judgeCards(facts),
    ...judgeTemperature(facts),
    ...judgeVoltage(facts),
    ...judgeKernelLog(facts),
    ...judgeKernel(facts),
  ]
}

/** Default routes, in the order in which the kernel takes them. */
function judgeRoutes({ routes, routes6 }: BoardFacts): Finding[] {
  if (routes === undefined) return []
  const rows = (text: string) => text.split('\n').map(line => line.trim().split(/\s+/))
  const found = [
    // Iface Destination Gateway Flags RefCnt Use Metric Mask
    ...rows(routes)
      .filter(([, to, , , , , , mask]) => to === '00000000' && mask === '00000000')
      .map(([name = '', , , , , , metric]) => ({ name, metric: Number(metric), family: '' })),
    // Destination, its length, source, its length, next hop, metric, counts, flags, name; 200 is RTF_REJECT.
    ...rows(routes6 ?? '')
      .filter(([to, length, , , , , , , flags = '0', name]) => {
        const isReject = (Number.parseInt(flags, 16) & 0x200) !== 0
        return to === '0'.repeat(32) && length === '00' && name !== 'lo' && !isReject
      })
      .map(row => ({ name: row[9] ?? '', metric: Number.parseInt(row[5] ?? '0', 16), family: ' (IPv6)' })),
  ].sort((one, other) => one.metric - other.metric)
  if (found.length === 0) {
    const detail = 'no way out of the local network: there is no default route'
    return [
      warning('routes', detail, 'check whether DHCP answers, or the gateway of a fixed address: ip route; networkctl'),
    ]
  }
  const detail = found.map(({ name, metric, family }) => `${name}${family}, metric ${metric}`).join('; ')
  const twin = found.find((one, index) =>
    found
      .slice(0, index)
      .some(other => other.metric === one.metric && other.family === one.family && other.name !== one.name),
  )
  if (twin === undefined) return [ok('routes', detail)]
  return [
    warning(
      'routes',
      `two ways out have the same metric, so that chance decides: ${detail}`,
      'give one of them another metric',
    ),
  ]
}

/** Without the password that may stand in it. */
function judgeProxy({ environment }: BoardFacts): Finding[] {
  const set = environment.split('\n').flatMap(line => {
    const [, name, value = ''] = /^\s*(?:export\s+)?(https?_proxy|all_proxy)\s*=\s*"?([^"\s]+)"?\s*$/i.exec(line) ?? []
    return name === undefined ? [] : [`${name}=${value.replace(/\/\/[^@/]*@/, '//…@')}`]
  })
  return set.length === 0 ? [] : [ok('proxy', `/etc/environment: ${set.join(' ')}`)]
}

function judgeTimesync({ timesync }: BoardFacts, nowMs: number): Finding[] {
  if (timesync === undefined) return []
  const what = 'clock source'
  if (timesync.setAt !== null) return [ok(what, `set by NTP, at last ${describeAge(timesync.setAt, nowMs)}`)]
  const detail = 'no NTP server has answered since the start: how far the clock is off is not known'
  return [
    warning(
      what,
      detail,
      'times that are shown may be wrong; allow NTP (UDP port 123) out, or name a server: timedatectl timesync-status',
    ),
  ]
}

function judgeDisk({ disk }: BoardFacts): Finding[] {
  if (disk === undefined) return []
  const detail = `${Math.floor(disk.free / MIB)} of ${Math.floor(disk.total / MIB)} MiB are free for ${disk.path}`
  if (disk.free >= Math.min(100 * MIB, disk.total / 10)) return [ok('disk', detail)]
  return [warning('disk', detail, 'what consoles say is soon no longer kept; delete files: du -xh / | sort -h | tail')]
}

function judgeFileSystems({ ext4 }: BoardFacts): Finding[] {
  return ext4.flatMap(({ device, errors, lastError, writtenKib }) => {
    const what = `file system ${device}`
    const written = writtenKib >= 1024 * 1024 ? `${Math.floor(writtenKib / 1024 / 1024)} GiB were written to it` : ''
    if (errors === 0) return written === '' ? [] : [ok(what, written)]
    const where = lastError === '' ? '' : ` (the last in ${lastError})`
    return [wrong(what, `${errors} errors were found in it${where}${written && `; ${written}`}`, NEW_CARD)]
  })
}

/** JESD84-B50: life time in steps of 10 % (0x0b: beyond what is estimated); reserve 1 normal, 2 80 % used, 3 urgent. */
function judgeCards({ cards }: BoardFacts): Finding[] {
  return cards.flatMap(({ name, model, lifeTime, preEol }) => {
    const steps = lifeTime
      .split(/\s+/)
      .map(part => Number.parseInt(part, 16))
      .filter(step => step > 0)
    const step = Math.max(0, ...steps)
    const reserve = Number.parseInt(preEol, 16) || 0
    if (step === 0 && reserve === 0) return []
    const what = `card ${name}`
    const used =
      step === 0
        ? ''
        : step > 10
          ? 'its estimated life is over'
          : `${(step - 1) * 10} to ${step * 10} % of its life are used`
    const spare =
      reserve === 3 ? 'its spare blocks are nearly used up' : reserve === 2 ? '80 % of its spare blocks are used' : ''
    const detail = [model, used, spare].filter(part => part !== '').join(', ')
    if (step > 10 || reserve === 3) return [wrong(what, detail, NEW_CARD)]
    return step >= 9 || reserve === 2 ? [warning(what, detail, `${NEW_CARD}, at the next visit`)] : [ok(what, detail)]
  })
}

/** A Pi slows down from 80 °C on, more from 85 °C. */
function judgeTemperature({ temperature }: BoardFacts): Finding[] {
  if (temperature === undefined) return []
  const degrees = Math.round(temperature / 1000)
  const detail = `${degrees} °C`
  if (degrees < 80) return [ok('temperature', detail)]
  const remedy = 'give it air: away from exhausts, with a heat sink, not on top of equipment'
  const find = degrees >= 85 ? wrong : warning
  return [find('temperature', `${detail}: the board slows down to protect itself`, remedy)]
}

/** Bits of the firmware's register: 0 low voltage now, 2 slowed down now, 16 and 18 the same since the start. */
function judgeVoltage({ throttled }: BoardFacts): Finding[] {
  if (throttled === undefined) return []
  const has = (bit: number) => (throttled & (1 << bit)) !== 0
  if (has(0))
    return [wrong('power', 'the voltage is too low now: adapters drop out, and the card may be damaged', SUPPLY)]
  if (has(16)) return [warning('power', 'the voltage was too low since the start', SUPPLY)]
  const slowed = has(2) ? 'it is slowed down now' : has(18) ? 'it was slowed down since the start' : ''
  return [ok('power', slowed === '' ? 'the voltage is high enough' : `the voltage is high enough; ${slowed}`)]
}

/** Times that a port was reset, above which it is no accident. */
const RESETS_MAX = 3

function judgeKernelLog({ kernelLog }: BoardFacts): Finding[] {
  if (kernelLog === undefined) return []
  const resets = new Map<string, number>()
  for (const line of kernelLog) {
    const [, port] = /^usb (\d+-[\d.]+): reset /.exec(line) ?? []
    if (port !== undefined) resets.set(port, (resets.get(port) ?? 0) + 1)
  }
  const often = [...resets].filter(([, count]) => count > RESETS_MAX)
  const current = kernelLog.filter(line => /^(usb|hub) .*over-current/.test(line)).length
  const failed = kernelLog.filter(line =>
    /^(blk_update_request: )?(critical \w+ error|I\/O error),? dev mmcblk/i.test(line),
  ).length
  return [
    ...often.map(([port, count]) =>
      warning(
        `USB ${port}`,
        `the kernel reset it ${count} times since the start: characters may be lost`,
        `replace the cable or the adapter. ${SUPPLY}`,
      ),
    ),
    ...(current > 0
      ? [wrong('USB power', `a port took too much current ${current} times since the start`, SUPPLY)]
      : []),
    ...(failed > 0 ? [wrong('card', `${failed} reads or writes failed since the start`, NEW_CARD)] : []),
  ]
}

/** The kernel starts from the boot partition, and its modules are on the other. */
function judgeKernel({ kernel, modules, isAppliance }: BoardFacts): Finding[] {
  if (modules.length === 0) return []
  const newest = [...modules].sort(compareVersions).at(-1) ?? ''
  if (!modules.includes(kernel)) {
    const detail = `${kernel} runs, and there are modules for ${newest} only: drivers of adapters cannot be loaded`
    return [
      wrong(
        'kernel',
        detail,
        isAppliance ? 'flash the whole image, not the root partition alone' : 'restart: sudo reboot',
      ),
    ]
  }
  if (!isAppliance && compareVersions(kernel, newest) < 0 && flavourOf(kernel) === flavourOf(newest))
    return [warning('kernel', `${kernel} runs, and ${newest} is installed`, 'restart when nobody is in: sudo reboot')]
  return [ok('kernel', isAppliance ? `${kernel}; of the card image: for a newer one, flash a newer image` : kernel)]
}

/** `v8` of `6.12.47+rpt-rpi-v8`: Raspberry Pi OS has kernels for several boards beside each other. */
function flavourOf(version: string): string | undefined {
  return version.split('-').at(-1)
}

function compareVersions(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true })
}
