/** Whether a connected device still speaks: by its bytes, and by its reports; pure. */
import type { DeviceReport } from '../../../formats/control-protocol.ts'
import { intervalsOf } from '../../../formats/device-config.ts'
import { intervalsSchema } from '../../../formats/device-settings.ts'
import type { Device } from '../../fleet/fleet-config.ts'
import { type Received, receivedMsAgo } from './received.ts'
import type { ClaimedSession } from './sessions.ts'

/** Milliseconds since the last byte on a device's connection; or `unknown` with the reason, as a part of a sentence. */
export type Heard = { silentMs: number } | { unknown: string }

/** Milliseconds between two pings, and between two reports, of a device on which nothing happens. */
export interface Pace {
  pingMs: number
  reportMs: number
}

/** Pings and reports that a device may miss. */
const MISSED = 3
/** Milliseconds by which a report may be late: a slow board, a slow line, and the relay's pause after each. */
const REPORT_SLACK_MS = 60_000

/** The device's own figure for its pings comes before the fleet file's: the device may have an older configuration. */
export function paceOf(device: Pick<Device, 'profile' | 'intervals'>, report: DeviceReport | undefined): Pace {
  const { profile = 'wired', intervals = {} } = device
  const { keepaliveS, reportS } = intervalsOf({ profile, intervals: intervalsSchema.parse(intervals) })
  return { pingMs: (report?.pingS ?? keepaliveS) * 1000, reportMs: reportS * 1000 }
}

/** @returns the shortest silence of the device's connections: an older one may remain until it is evicted */
export function heardOn(sessions: readonly ClaimedSession[], received: Received | { unknown: string }): Heard {
  if ('unknown' in received) return received
  const recorded = sessions.flatMap(({ connection }) => connection ?? [])
  if (recorded.length === 0) return { unknown: 'it connected before this relay was upgraded' }
  const known = recorded.flatMap(connection => receivedMsAgo(received, connection) ?? [])
  return known.length === 0 ? { unknown: 'ss does not list its connection' } : { silentMs: Math.min(...known) }
}

/**
 * Milliseconds of a silence that is too long: three pings are missing. Undefined for a device that speaks, and if nothing is known
 * of its bytes.
 */
export function silenceMs(heard: Heard | undefined, { pingMs }: Pace): number | undefined {
  return heard && 'silentMs' in heard && heard.silentMs > MISSED * pingMs ? heard.silentMs : undefined
}

/** Whether three reports are missing. */
export function isReportOverdue(reportedAtMs: number | undefined, nowMs: number, { reportMs }: Pace): boolean {
  return reportedAtMs === undefined || nowMs - reportedAtMs > MISSED * reportMs + REPORT_SLACK_MS
}
