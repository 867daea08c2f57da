/** People's sessions on consoles that are over, as their devices told this relay. */
import { constants } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pastSessionSchema } from '../../runtime/control-protocol.ts'
import type { HistoryEntry } from '../history.ts'
import type { StatePaths } from './state-paths.ts'

/** Bytes that are read of one device: what its words keep, and some. */
const PAST_MAX = 262_144

/** Those of all devices, in no order. What they say is theirs: names may be anything. */
export async function readPastSessions({ devices }: StatePaths): Promise<HistoryEntry[]> {
  const names = await readdir(devices).catch(() => [])
  return (await Promise.all(names.map(device => sessionsOf(devices, device)))).flat()
}

async function sessionsOf(devices: string, device: string): Promise<HistoryEntry[]> {
  const text = await readBounded(join(devices, device, 'past')).catch(() => '')
  return text.split('\n').flatMap(line => {
    const [, toldS, json] = /^(\d{1,11}) (\{.*\})$/.exec(line) ?? []
    try {
      const { console, technician, fromS, toS } = pastSessionSchema.parse(JSON.parse(json ?? ''))
      const [from, to] = [fromS, toS].map(ageS => new Date((Number(toldS) - ageS) * 1000).toISOString())
      if (from === undefined || to === undefined) return []
      return [{ at: to, by: technician, event: 'session', device, console, technician, from, to }]
    } catch {
      return []
    }
  })
}

async function readBounded(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  try {
    return (await file.stat()).size > PAST_MAX ? '' : await file.readFile('utf8')
  } finally {
    await file.close()
  }
}
