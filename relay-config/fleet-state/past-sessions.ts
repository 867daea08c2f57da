/** What the history has beside the entries of `oobm-relay` itself: what devices told this relay, and what logins left here. */
import { constants } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pastSessionSchema } from '../../runtime/control-protocol.ts'
import type { HistoryEntry } from '../history.ts'
import type { StatePaths } from './state-paths.ts'

/** Bytes that are read of one file: what the words keep there, and some. */
const FILE_MAX = 262_144
/** Milliseconds by which the device's account of a beginning may differ: it looks every few seconds. */
const SAME_MS = 15_000

/** Sessions of people and first claims of devices, in no order. What devices say is theirs: names may be anything. */
export async function readPast(paths: StatePaths): Promise<HistoryEntry[]> {
  const [enrolled, told, logins] = await Promise.all([
    ofEach(paths.devices, enrolmentOf),
    ofEach(paths.devices, toldBy),
    ofEach(paths.logins, loginsOf),
  ])
  // The relay itself has seen who logged in; what the device says of the same session is less.
  return [...enrolled, ...logins, ...told.filter(entry => !logins.some(login => isSame(login, entry)))]
}

async function ofEach(folder: string, read: (folder: string, name: string) => Promise<HistoryEntry[]>) {
  const names = await readdir(folder).catch(() => [])
  return (await Promise.all(names.map(name => read(folder, name)))).flat()
}

/** oobm-device-word leaves the moment of a device's first claim. */
async function enrolmentOf(devices: string, device: string): Promise<HistoryEntry[]> {
  const text = await readBounded(join(devices, device, 'enrolled')).catch(() => '')
  const at = timeOf(/^(\d{1,11})\n$/.exec(text)?.[1])
  return at === undefined ? [] : [{ at, by: device, event: 'enrol', device }]
}

/** `TOLD_AT JSON`: people's sessions on a device's consoles. */
async function toldBy(devices: string, device: string): Promise<HistoryEntry[]> {
  const text = await readBounded(join(devices, device, 'past')).catch(() => '')
  return text.split('\n').flatMap(line => {
    const [, toldS, json] = /^(\d{1,11}) (\{.*\})$/.exec(line) ?? []
    try {
      const { console, technician, fromS, toS } = pastSessionSchema.parse(JSON.parse(json ?? ''))
      const [from, to] = [fromS, toS].map(ageS => timeOf(Number(toldS) - ageS))
      if (from === undefined || to === undefined) return []
      return [{ at: to, by: technician, event: 'session', device, console, technician, from, to }]
    } catch {
      return []
    }
  })
}

/** `BEGUN.ID from CONSOLE DEVICE`, then, unless it ended hard or goes on, `BEGUN.ID to ENDED`. */
async function loginsOf(logins: string, technician: string): Promise<HistoryEntry[]> {
  const lines = (await readBounded(join(logins, technician)).catch(() => '')).split('\n')
  const ends = new Map(
    lines.map(line => /^(\d{1,11}\.\d{1,10}) to (\d{1,11})$/.exec(line)).map(match => [match?.[1], timeOf(match?.[2])]),
  )
  return lines.flatMap(line => {
    const [, id, begun, console, device] =
      /^((\d{1,11})\.\d{1,10}) from ([a-z0-9._-]{1,64}) ([a-z0-9._-]{1,64})$/.exec(line) ?? []
    const from = timeOf(begun)
    if (from === undefined || console === undefined || device === undefined) return []
    const to = ends.get(id)
    const session = { event: 'session', device, console, technician, from, ...(to !== undefined && { to }) }
    return [{ at: to ?? from, by: technician, ...session, reason: 'by login' }]
  })
}

function isSame(login: HistoryEntry, { device, console, technician, from }: HistoryEntry): boolean {
  const apartMs = Math.abs(Date.parse(login.from ?? '') - Date.parse(from ?? ''))
  return login.device === device && login.console === console && login.technician === technician && apartMs <= SAME_MS
}

/** ISO 8601 of seconds since 1970; undefined for what is none. */
function timeOf(seconds: string | number | undefined): string | undefined {
  const date = new Date(Number(seconds) * 1000)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

async function readBounded(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  try {
    return (await file.stat()).size > FILE_MAX ? '' : await file.readFile('utf8')
  } finally {
    await file.close()
  }
}
