/** What this relay knows of one device: whether it is connected, its last report, and whether maintenance is on. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { type DeviceReport, deviceReportSchema } from '../../runtime/control-protocol.ts'
import { isOff, type Maintenance, readMaintenance } from './maintenance.ts'
import { livingSessions } from './sessions.ts'
import type { StatePaths } from './state-paths.ts'

export interface DeviceState {
  device: string
  connected: boolean
  /** Its last report, and when this relay got it, in milliseconds since 1970. Anything may stand in its texts. */
  report: DeviceReport | undefined
  reportedAtMs: number | undefined
  maintenance: Maintenance | undefined
  off: boolean
  /** One word for it all: a status word of the device's, `away`, `silent` or `never`. */
  word: string
  /** Milliseconds since 1970 of the last proof that is known. */
  provedAtMs: number | undefined
  sinceMs: number | undefined
}

/** Bytes of a report that are looked at: a line of the protocol, and some. */
const REPORT_MAX = 8_192
/** Milliseconds after which a connected device should have reported three times. */
const SILENT_MS = 15 * 60_000

export async function readDeviceState(paths: StatePaths, device: string, nowMs: number): Promise<DeviceState> {
  const [sessions, reported, maintenance] = await Promise.all([
    livingSessions(paths, device),
    readReport(paths, device),
    readMaintenance(paths, device),
  ])
  const connected = sessions.length > 0
  const { report, atMs } = reported ?? {}
  const ago = (ageS: number | null | undefined) =>
    atMs === undefined || ageS === null || ageS === undefined ? undefined : atMs - ageS * 1000
  return {
    device,
    connected,
    report,
    reportedAtMs: atMs,
    maintenance,
    off: isOff(maintenance, nowMs),
    word: wordOf(connected, report, atMs, nowMs),
    provedAtMs: ago(report?.proofS),
    // Gone since some moment after its last report, which is all that is known.
    sinceMs: connected ? ago(report?.sinceS) : atMs,
  }
}

function wordOf(connected: boolean, report: DeviceReport | undefined, atMs = 0, nowMs: number): string {
  if (!connected) return report ? 'away' : 'never'
  if (!report || nowMs - atMs > SILENT_MS) return 'silent'
  return report.word
}

/** @returns undefined where there is none, and for one that is no report: the file is what a device made of it */
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
