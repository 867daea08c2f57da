/** What this relay knows of one device: whether it is connected, its last report, and whether maintenance is on. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { type DeviceReport, deviceReportSchema } from '../../../formats/control-protocol.ts'
import type { Device } from '../../fleet/fleet-config.ts'
import { type Heard, heardOn, isReportOverdue, type Pace, paceOf, silenceMs } from './liveness.ts'
import { isOff, type Maintenance, readMaintenance } from './maintenance.ts'
import { type KnownFiles, readUnchanged } from './read-unchanged.ts'
import type { Received } from './received.ts'
import { livingSessions } from './sessions.ts'
import type { StatePaths } from './state-paths.ts'

export interface DeviceView {
  device: string
  connected: boolean
  /** When this relay last received a byte from it; undefined while it is not connected. */
  heard: Heard | undefined
  pace: Pace
  /** Its last report, and when this relay received it, in milliseconds since 1970. Its texts may contain anything. */
  report: DeviceReport | undefined
  reportedAtMs: number | undefined
  maintenance: Maintenance | undefined
  off: boolean
  /** The state shown: the device's own, `away`, `silent` or `never`. */
  state: string
  /** Milliseconds since 1970 of the last proof that is known. */
  provedAtMs: number | undefined
  sinceMs: number | undefined
  /** Of several relays, the one to which it is connected; null for none. Missing where only one is asked. */
  relay?: string | null
  /** Other relays with a connection of it: an older one, which they have not noticed. */
  elsewhere?: readonly { relay: string; state: string }[]
  /** The relays at which access is off, where it is not at all of them. */
  offAt?: readonly string[]
}

/** Bytes of a report that are read: a line of the protocol, and some. */
const REPORT_MAX = 8_192

/** What is read once for all devices. */
export interface Look {
  paths: StatePaths
  received: Received | { unknown: string }
  nowMs: number
  /** What was read at an earlier look. */
  known?: KnownFiles
}

export async function readDeviceView(
  { paths, received, nowMs, known }: Look,
  device: Pick<Device, 'name' | 'profile' | 'intervals'>,
): Promise<DeviceView> {
  const [sessions, reported, maintenance] = await Promise.all([
    livingSessions(paths, device.name, known),
    readUnchanged(known, join(paths.devices, device.name, 'report.json'), () => readReport(paths, device.name)),
    readMaintenance(paths, device.name),
  ])
  const connected = sessions.length > 0
  const heard = connected ? heardOn(sessions, received) : undefined
  const { report, atMs } = reported ?? {}
  const pace = paceOf(device, report)
  const ago = (ageS: number | null | undefined) =>
    atMs === undefined || ageS === null || ageS === undefined ? undefined : atMs - ageS * 1000
  const quietMs = silenceMs(heard, pace)
  const isCurrent = connected && report !== undefined && !isReportOverdue(atMs, nowMs, pace)
  return {
    device: device.name,
    connected,
    heard,
    pace,
    report,
    reportedAtMs: atMs,
    maintenance,
    off: isOff(maintenance, nowMs),
    state: !connected ? (report ? 'away' : 'never') : isCurrent && quietMs === undefined ? report.state : 'silent',
    provedAtMs: ago(report?.proofS),
    // It went away, or silent, at some moment after its last report: nothing more is known.
    sinceMs: quietMs !== undefined ? nowMs - quietMs : isCurrent ? ago(report.sinceS) : atMs,
  }
}

/** @returns undefined without a report, and for a file that is not one: a device decides what is in it */
export async function readReport(
  { devices }: StatePaths,
  device: string,
): Promise<{ report: DeviceReport; atMs: number } | undefined> {
  try {
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW
    const file = await open(join(devices, device, 'report.json'), flags)
    try {
      const { size, mtimeMs } = await file.stat()
      if (size > REPORT_MAX) return undefined
      const { data } = deviceReportSchema.safeParse(JSON.parse(await file.readFile('utf8')))
      return data && { report: data, atMs: mtimeMs }
    } finally {
      await file.close()
    }
  } catch {
    return undefined
  }
}
