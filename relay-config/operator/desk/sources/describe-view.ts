/** A relay's view of a device, as a row of the desk; pure. What a device says of itself is cleaned and cut here. */
import { printable } from '../../../../runtime/printable.ts'
import type { Access } from '../../../fleet/access.ts'
import { describeOff } from '../../../relay/state/describe-device.ts'
import type { DeviceView } from '../../../relay/state/device-view.ts'
import type { DeskConsole, DeskDevice } from '../rows.ts'

/** @param access what the person of the desk may open of it; undefined for nothing */
export function deviceOfView(view: DeviceView, access: Access | undefined): DeskDevice {
  const { device, state, report, reportedAtMs, connected } = view
  const ago = (ageS: number | null | undefined) =>
    reportedAtMs === undefined || ageS === null || ageS === undefined ? undefined : reportedAtMs - ageS * 1000
  return {
    name: device,
    relay: view.relay ?? undefined,
    state: printable(state, 20),
    cause: printable(report?.cause ?? '', 400),
    off: view.off ? describeOff(view.maintenance) : undefined,
    // Ages are counted from a report: without rounding, each look would find another time.
    provedAtMs: toSeconds(view.provedAtMs),
    provedBy: report?.proofBy ?? undefined,
    sinceMs: toSeconds(state === 'silent' ? reportedAtMs : view.sinceMs),
    reportedAtMs: toSeconds(reportedAtMs),
    uplinks: uplinksOf(view),
    signalDbm: report?.signalDbm,
    probeMs: report?.probeMs ?? undefined,
    software: report === undefined ? undefined : printable(report.software, 40),
    consoles: consolesOf(view, access),
    changes: (report?.changes ?? []).map(({ agoS, state, cause }) => ({
      atMs: toSeconds(ago(agoS)) ?? 0,
      state: printable(state, 20),
      cause: printable(cause, 400),
    })),
    mayOpenShell: connected && access?.shell === true,
  }
}

function uplinksOf({ report, reportedAtMs = 0 }: DeviceView): DeskDevice['uplinks'] {
  if (report?.uplinks !== undefined && report.uplinks.length > 0)
    return report.uplinks.map(({ name, kind, carries, why, provedS }) => ({
      ...{ name: printable(name, 40), kind: printable(kind, 20), carries, why: printable(why, 200) },
      provedAtMs: provedS === null ? undefined : toSeconds(reportedAtMs - provedS * 1000),
    }))
  const name = report?.uplink
  if (name === undefined || name === null) return []
  return [{ name: printable(name, 40), kind: '', carries: true, why: '', provedAtMs: undefined }]
}

/** Those that the device has reported, and those of the fleet file that it has not. */
function consolesOf({ report, reportedAtMs = 0, connected }: DeviceView, access: Access | undefined): DeskConsole[] {
  const own = new Set([...(access?.consoles.map(({ name }) => name) ?? []), ...(access?.spares ?? [])])
  const reported = (report?.consoles ?? []).map(({ name, open, cause, who, outputS }) => ({
    name: printable(name, 40),
    open,
    cause: printable(cause, 200),
    // Without a connection nobody is on a console, whatever the device reported last.
    who: (connected ? who : []).map(({ technician, types, forS }) => ({
      ...{ name: printable(technician, 40), types },
      sinceMs: toSeconds(reportedAtMs - forS * 1000) ?? 0,
    })),
    outputAtMs: outputS === null || outputS === undefined ? outputS : toSeconds(reportedAtMs - outputS * 1000),
    mayOpen: own.has(name),
  }))
  const missing = [...own].filter(name => !report?.consoles?.some(console => console.name === name))
  return [...reported, ...missing.map(unreported)]
}

export function unreported(name: string): DeskConsole {
  return { name, open: undefined, cause: '', who: [], outputAtMs: undefined, mayOpen: true }
}

function toSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms / 1000) * 1000
}
