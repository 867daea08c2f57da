/** How a device was over time, as its relay knows it: a moment for each report (oobm-device-command), and the device's own changes. */
import { join } from 'node:path'
import type { Device } from '../../fleet/fleet-config.ts'
import { type DeviceView, readDeviceView } from './device-view.ts'
import type { TrendPoint } from './outages.ts'
import { readBounded } from './read-bounded.ts'
import type { StatePaths } from './state-paths.ts'

const LINE = /^(\d{1,11}) ([a-z-]{1,19}) (\d{1,6}|-)$/

/** Oldest first. What was cut by a full disk, or edited, is left out. */
export async function readTrend(
  paths: StatePaths,
  device: Pick<Device, 'name' | 'profile' | 'intervals'>,
  nowMs: number,
): Promise<TrendPoint[]> {
  const folder = join(paths.devices, device.name)
  const received = { unknown: 'only its reports count here' }
  const [old, fresh, view] = await Promise.all([
    readBounded(join(folder, 'trend.old')).catch(() => ''),
    readBounded(join(folder, 'trend')).catch(() => ''),
    readDeviceView({ paths, received, nowMs }, device),
  ])
  const points = [...pointsOf(`${old}\n${fresh}`), ...ownPoints(view), ...nowPoint(view)]
  return points.toSorted((a, b) => a.atMs - b.atMs)
}

export function pointsOf(text: string): TrendPoint[] {
  return text.split('\n').flatMap(line => {
    const [, seconds, state, probe] = LINE.exec(line) ?? []
    if (seconds === undefined || state === undefined) return []
    return [{ atMs: Number(seconds) * 1000, state, ...(probe !== '-' && { probeMs: Number(probe) }) }]
  })
}

/** What the device itself remembers of its states, also while no relay heard of it. */
function ownPoints({ report, reportedAtMs }: DeviceView): TrendPoint[] {
  if (report === undefined || reportedAtMs === undefined) return []
  return report.changes.map(({ agoS, state, cause }) => ({
    ...{ atMs: reportedAtMs - agoS * 1000, state: state.slice(0, 20), cause: cause.slice(0, 400) },
    isOwn: true,
  }))
}

/** A relay that was switched off itself has not seen a connection end. */
function nowPoint({ state, sinceMs }: DeviceView): TrendPoint[] {
  return state === 'away' && sinceMs !== undefined ? [{ atMs: sinceMs, state }] : []
}
