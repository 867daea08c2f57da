/** What the page may ask of a device, and what it is told: settings and outages from what its relays print; pure. */
import * as z from 'zod'
import { printable } from '../../../runtime/printable.ts'
import { mergeViews, type SettingsView, settingsViewSchema } from '../../relay/settings/settings-view.ts'
import { healTimes, outagesOf, type TrendPoint } from '../../relay/state/outages.ts'
import { trendSchema } from '../../relay/state/trend-schema.ts'
import { hostName } from './commands/console-questions.ts'
import type { DeskSettings, DeskTrend } from './rows.ts'

/** What a person types in the device's own shell. */
export const AT_DEVICE = {
  doctor: 'oobm doctor',
  settings: 'oobm settings',
  // Only an administrator may ask for them (docs/upgrade.md).
  upgrades: 'sudo -n oobm upgrade --list',
} as const

const atDevice = Object.keys(AT_DEVICE) as [keyof typeof AT_DEVICE, ...(keyof typeof AT_DEVICE)[]]
export const shellQuestion = z.strictObject({ device: hostName, ask: z.enum(atDevice) })

/** Lines that are none, such as a banner, are left out. */
export function readViews(text: string, device: string): SettingsView[] {
  return text.split('\n').flatMap(line => {
    try {
      const view = settingsViewSchema.parse(JSON.parse(line))
      return view.device === device ? [view] : []
    } catch {
      return []
    }
  })
}

/** @returns what one relay keeps, by the clock of this machine */
export function readTrendOf(text: string, relay: string, nowMs: number): TrendPoint[] {
  try {
    const { points, nowMs: theirsMs } = trendSchema.parse(JSON.parse(text))
    return points.map(point => ({ ...point, atMs: Math.round(point.atMs + nowMs - theirsMs), relay }))
  } catch {
    return []
  }
}

export function trendOf(points: readonly TrendPoint[]): DeskTrend {
  const sorted = points.toSorted((a, b) => a.atMs - b.atMs)
  const outages = outagesOf(sorted)
  return {
    fromMs: sorted[0]?.atMs,
    trips: sorted.flatMap(({ atMs, probeMs }) => (probeMs === undefined ? [] : [{ atMs, ms: probeMs }])),
    outages: outages.map(outage => ({
      ...outage,
      state: printable(outage.state, 20),
      cause: printable(outage.cause, 400),
    })),
    healed: healTimes(outages),
  }
}

/** With moments in place of ages, for a page that goes on. */
export function settingsOf([first, ...more]: readonly SettingsView[], nowMs: number): DeskSettings | undefined {
  if (first === undefined) return undefined
  const { state, document, answer, agoS } = mergeViews([first, ...more])
  const moment = (ageS: number | undefined) => (ageS === undefined ? undefined : nowMs - ageS * 1000)
  return {
    state,
    sinceMs: moment(agoS),
    serial: document?.serial,
    by: document && printable(document.by, 100),
    leftAtMs: moment(document?.agoS),
    inForce: answer?.accepted ?? undefined,
    cause: printable(answer?.cause ?? '', 400),
  }
}
