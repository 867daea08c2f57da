/** The part of the history that is not in history.jsonl: what devices told this relay, and what logins recorded here. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { deviceAlertSchema, deviceEventSchema, pastSessionSchema } from '../../../formats/control-protocol.ts'
import type { HistoryEntry } from '../history.ts'
import { readBounded } from './read-bounded.ts'
import type { StatePaths } from './state-paths.ts'

/** Milliseconds by which a session's beginning may differ between device and relay: the device looks every few seconds. */
const SAME_MS = 15_000

/**
 * Sessions of people, their other actions, alerts, and first claims of devices, in no order. `source` marks what a device says: its names
 * may be anything.
 */
export async function readPast(paths: StatePaths): Promise<HistoryEntry[]> {
  const [enrolled, told, alerts, logins] = await Promise.all([
    ofEach(paths.devices, enrolmentOf),
    ofEach(paths.devices, toldBy),
    ofEach(paths.devices, alertsOf),
    ofEach(paths.logins, loginsOf),
  ])
  // For a session that the relay has seen itself, it leaves out the device's entry.
  return [...enrolled, ...logins, ...alerts, ...told.filter(entry => !logins.some(login => isSame(login, entry)))]
}

const TOLD_LINE = /^(\d{1,11}) (\{.*\})$/

async function ofEach<T>(folder: string, read: (folder: string, name: string) => Promise<T[]>): Promise<T[]> {
  const names = await readdir(folder).catch(() => [])
  return (await Promise.all(names.map(name => read(folder, name)))).flat()
}

/** The moment of a device's first claim, which oobm-device-command records. */
async function enrolmentOf(devices: string, device: string): Promise<HistoryEntry[]> {
  const text = await readBounded(join(devices, device, 'enrolled')).catch(() => '')
  const at = timeOf(/^(\d{1,11})\n$/.exec(text)?.[1])
  return at === undefined ? [] : [{ at, by: device, event: 'enrol', device }]
}

/** `TOLD_AT JSON`: people's sessions on a device's consoles. */
async function toldBy(devices: string, device: string): Promise<HistoryEntry[]> {
  return toldEntries(device, await readBounded(join(devices, device, 'past')).catch(() => ''))
}

/** @param text lines of a device's `past` */
export function toldEntries(device: string, text: string): HistoryEntry[] {
  const refs = new Set<unknown>()
  return text.split('\n').flatMap(line => {
    const [, toldS, json] = TOLD_LINE.exec(line) ?? []
    try {
      const told: unknown = JSON.parse(json ?? '')
      const ref = typeof told === 'object' && told !== null && 'ref' in told ? told.ref : undefined
      if (ref !== undefined && refs.has(ref)) return []
      refs.add(ref)
      return toldEntry(device, Number(toldS), told)
    } catch {
      return []
    }
  })
}

/** `TOLD_AT JSON`: what the device's rules found in what targets said. Of one alert, the count that was told last. */
async function alertsOf(devices: string, device: string): Promise<HistoryEntry[]> {
  return alertEntries(device, await readBounded(join(devices, device, 'alerts')).catch(() => ''))
}

/** @param text lines of a device's `alerts` */
export function alertEntries(device: string, text: string): HistoryEntry[] {
  const entries = new Map<string, HistoryEntry>()
  for (const line of text.split('\n')) {
    const [, toldS, json] = TOLD_LINE.exec(line) ?? []
    const alert = deviceAlertSchema.safeParse(jsonOf(json)).data
    if (alert === undefined) continue
    const { agoS, fromS, ...rest } = alert
    const [from, to] = [timeOf(Number(toldS) - fromS), timeOf(Number(toldS) - agoS)]
    if (from === undefined || to === undefined) continue
    entries.set(alert.ref, { at: to, by: device, device, ...rest, from, to, source: 'device' })
  }
  return [...entries.values()]
}

function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}

/** Events that no person brought about there, or nobody knows who. */
const BY_ITSELF = new Set(['settings', 'uplink', 'way', 'button'])

function toldEntry(device: string, toldS: number, told: unknown): HistoryEntry[] {
  const timeBefore = (ageS: number | undefined) => (ageS === undefined ? undefined : timeOf(toldS - ageS))
  const session = pastSessionSchema.safeParse(told).data
  if (session !== undefined) {
    const { console, technician, fromS, toS } = session
    const [from, to] = [timeBefore(fromS), timeBefore(toS)]
    if (from === undefined || to === undefined) return []
    return [{ at: to, by: technician, event: 'session', device, console, technician, from, to, source: 'device' }]
  }
  const { event: name, agoS, fromS, detail, ref: _, ...who } = deviceEventSchema.parse(told)
  // Devices write a command at the console bridge as `word`.
  const event = name === 'word' ? 'command' : name
  const [from, at] = [timeBefore(fromS), timeBefore(agoS)]
  if (at === undefined) return []
  const span = from === undefined ? {} : { from, to: at }
  const by = who.technician ?? (BY_ITSELF.has(event) ? device : 'unknown')
  return [{ at, by, event, device, ...who, ...span, ...(detail !== undefined && { reason: detail }), source: 'device' }]
}

/** Sentences that say how many older entries of each device and each login were dropped. */
export async function readGone(paths: StatePaths): Promise<string[]> {
  const goneOf = async (folder: string, name: string) => {
    const countIn = async (file: string) => {
      const text = await readBounded(join(folder, name, file)).catch(() => '')
      return Number(/^(\d{1,11})\n$/.exec(text)?.[1] ?? 0)
    }
    const [entries, alerts] = await Promise.all([countIn('past.gone'), countIn('alerts.gone')])
    return [
      ...(entries > 0 ? [`${name}: ${entries} older entries of this device were dropped; the last 256 are kept`] : []),
      ...(alerts > 0 ? [`${name}: ${alerts} older reports of alerts were dropped; the last 256 are kept`] : []),
    ]
  }
  const goneOfLogin = async (logins: string, name: string) => {
    const text = await readBounded(join(logins, name)).catch(() => '')
    const count = Number(/^gone (\d{1,11})\n/.exec(text)?.[1] ?? 0)
    return count > 0 ? [`${name}: ${count} older logins were dropped; at least the last 512 are kept`] : []
  }
  return [...(await ofEach(paths.devices, goneOf)), ...(await ofEach(paths.logins, goneOfLogin))]
}

/**
 * What oobm-login records of each login: `BEGUN.ID from CONSOLE DEVICE [ADDRESS]` for a session that the device accepted, then,
 * unless it ended hard or goes on, `BEGUN.ID to ENDED`; `BEGUN.ID ran CONSOLE DEVICE ADDRESS CODE COMMAND…`; `BEGUN.ID refused
 * CONSOLE DEVICE ADDRESS WHY…`.
 */
async function loginsOf(logins: string, technician: string): Promise<HistoryEntry[]> {
  return loginEntries(technician, await readBounded(join(logins, technician)).catch(() => ''))
}

/** @param text lines of a technician's file in `logins` */
export function loginEntries(technician: string, text: string): HistoryEntry[] {
  const lines = text.split('\n')
  const ends = new Map(
    lines.map(line => /^(\d{1,11}\.\d{1,10}) to (\d{1,11})$/.exec(line)).map(match => [match?.[1], timeOf(match?.[2])]),
  )
  return lines.flatMap(line => {
    const [, id, begun, what, console, device, address, rest = ''] = LOGIN_LINE.exec(line) ?? []
    const from = timeOf(begun)
    if (from === undefined || console === undefined || device === undefined) return []
    const who = {
      by: technician,
      device,
      console,
      technician,
      ...(address !== undefined && address !== '-' && { address }),
    }
    if (what === 'refused') return [{ at: from, ...who, event: 'refused', reason: rest.trim() }]
    if (what === 'ran') {
      const [, code, command] = /^ (\d{1,3}) (.*)$/.exec(rest) ?? []
      return [{ at: from, ...who, event: 'command', reason: `${command}, by login; exit code ${code}` }]
    }
    const to = ends.get(id)
    return [{ at: to ?? from, ...who, event: 'session', from, ...(to !== undefined && { to }), reason: 'by login' }]
  })
}

const LOGIN_LINE =
  /^((\d{1,11})\.\d{1,10}) (from|ran|refused) ([a-z0-9._-]{1,64}) ([a-z0-9._-]{1,64})(?: ([0-9A-Za-z.:%_-]{1,60}))?((?: [ -~]{1,200})?)$/

function isSame(login: HistoryEntry, { event, device, console, technician, from }: HistoryEntry): boolean {
  if (login.event !== 'session' || event !== 'session') return false
  const apartMs = Math.abs(Date.parse(login.from ?? '') - Date.parse(from ?? ''))
  return login.device === device && login.console === console && login.technician === technician && apartMs <= SAME_MS
}

/** ISO 8601 of seconds since 1970; undefined for anything else. */
function timeOf(seconds: string | number | undefined): string | undefined {
  const date = new Date(Number(seconds) * 1000)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}
