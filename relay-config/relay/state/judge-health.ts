/** A device, a console or the fleet as Nagios, Icinga and CheckMK judge it: 0 to 3, one line, and figures; pure. */
import { shortAge } from '../../../cli/times.ts'
import { isProvedReachable } from '../../../formats/states.ts'
import { printable } from '../../../runtime/printable.ts'
import { describeOff } from './describe-device.ts'
import type { DeviceView } from './device-view.ts'
import { worstFirst } from './fleet-states.ts'
import { isOutOfSight } from './state-order.ts'

/** Exit codes of the plugin interface. */
export const HEALTH = { ok: 0, warning: 1, critical: 2, unknown: 3 } as const
const NAMES = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const
export type Health = (typeof HEALTH)[keyof typeof HEALTH]

export interface Judgement {
  health: Health
  text: string
  /** `name=value[unit];warning;critical;min;max` */
  figures: string[]
}

export interface Limits {
  nowMs: number
  /** Milliseconds of a proof's age from which it is a warning, and critical. */
  warningMs: number | undefined
  criticalMs: number | undefined
  /** Relays of the device, or of the fleet, that could not be asked. */
  missing: readonly string[]
}

/** Names that a line has at most. */
const NAMED = 5

export function judgeDevice(view: DeviceView, limits: Limits): Judgement {
  const { nowMs, warningMs, criticalMs, missing } = limits
  const { device, state, provedAtMs, connected, report } = view
  const isFresh = connected && !isOutOfSight(state)
  const ageMs = provedAtMs === undefined ? undefined : Math.max(0, nowMs - provedAtMs)
  const inSeconds = (ms: number | undefined) => (ms === undefined ? '' : String(ms / 1000))
  const figures = [
    ...(ageMs === undefined
      ? []
      : [`proof_age=${Math.round(ageMs / 1000)}s;${inSeconds(warningMs)};${inSeconds(criticalMs)};0`]),
    ...(isFresh && typeof report?.probeMs === 'number' ? [`rtt=${report.probeMs / 1000}s;;;0`] : []),
    ...(isFresh && report ? [`sessions=${report.sessions.shell + report.sessions.console};;;0`] : []),
  ]
  const proved = provedAtMs === undefined ? 'never proved' : `proved ${shortAge(provedAtMs, nowMs)} ago`
  const since = view.sinceMs === undefined ? '' : ` for ${shortAge(view.sinceMs, nowMs)}`
  const says = (health: Health, what: string): Judgement => ({ health, text: `${device}: ${what}`, figures })
  const isProved = connected && isProvedReachable(state)
  if (view.off) return says(HEALTH.warning, `access is ${describeOff(view.maintenance)}`)
  if (!isProved && missing.length > 0)
    return says(
      HEALTH.unknown,
      `${state} at those that answer, and ${missing.join(', ')} could not be asked; ${proved}`,
    )
  if (state === 'never') return says(HEALTH.unknown, 'was never connected')
  if (!isProved) return says(HEALTH.critical, `nobody can get in: ${state}${since}, ${proved}${causeOf(view)}`)
  if (ageMs !== undefined && criticalMs !== undefined && ageMs >= criticalMs)
    return says(HEALTH.critical, `${state}, but ${proved}`)
  if (ageMs !== undefined && warningMs !== undefined && ageMs >= warningMs)
    return says(HEALTH.warning, `${state}, but ${proved}`)
  const closed = closedOf(view)
  if (closed.length > 0) return says(HEALTH.warning, `${proved}; closed: ${few(closed)}`)
  if (report?.consoles === null) return says(HEALTH.warning, `${proved}; its console bridge does not answer`)
  return says(HEALTH.ok, `${state}${since}, ${proved}`)
}

/** @param name of a console that the fleet file has for this device */
export function judgeConsole(view: DeviceView, name: string, limits: Limits): Judgement {
  const device = judgeDevice(view, limits)
  const isFresh = view.connected && !isOutOfSight(view.state) && isProvedReachable(view.state)
  const found = view.report?.consoles?.find(one => one.name === name)
  const says = (health: Health, what: string, figures: string[] = []): Judgement => ({
    ...{ health, figures },
    text: `${name} at ${view.device}: ${what}`,
  })
  if (!isFresh || view.off) return says(HEALTH.unknown, `not known, because ${device.text}`)
  if (found === undefined) return says(HEALTH.unknown, 'the device does not say: it may not have its settings yet')
  const people = [`sessions=${found.who.length};;;0`]
  if (!found.open) return says(HEALTH.critical, `closed: ${found.cause}`, people)
  return says(HEALTH.ok, `open, ${found.who.length === 0 ? 'nobody is on it' : `${found.who.length} on it`}`, people)
}

export function judgeFleet(views: readonly DeviceView[], limits: Limits): Judgement {
  const judged = worstFirst(views).map(view => ({ view, ...judgeDevice(view, limits) }))
  const of = (test: (one: (typeof judged)[number]) => boolean) => judged.filter(test).map(({ view }) => view)
  const lost = of(({ health }) => health === HEALTH.critical)
  const off = of(({ view }) => view.off)
  const never = of(({ view }) => view.state === 'never')
  const proved = of(({ view }) => view.connected && isProvedReachable(view.state))
  const closed = proved.flatMap(view => closedOf(view).map(name => `${name} at ${view.device}`))
  const unsure = of(({ health, view }) => health === HEALTH.unknown && view.state !== 'never')
  const total = views.length
  const figures = Object.entries({ proved, lost, off, never }).map(
    ([name, all]) => `${name}=${all.length};;;0;${total}`,
  )
  const parts = [
    `${proved.length} of ${total} proved`,
    ...(lost.length > 0 ? [`lost: ${few(lost.map(({ device, state }) => `${device} (${state})`))}`] : []),
    ...(unsure.length > 0 ? [`not known: ${few(unsure.map(({ device }) => device))}`] : []),
    ...(limits.missing.length > 0 ? [`could not be asked: ${limits.missing.join(', ')}`] : []),
    ...(off.length > 0 ? [`access off: ${few(off.map(({ device }) => device))}`] : []),
    ...(closed.length > 0 ? [`closed: ${few(closed)}`] : []),
    ...(never.length > 0 ? [`never connected: ${few(never.map(({ device }) => device))}`] : []),
  ]
  // A device that is still to be installed is nothing wrong, but where nothing is proved, nothing is known to be well.
  const least = proved.length === 0 ? HEALTH.unknown : HEALTH.ok
  const worst = Math.max(
    ...judged.map(({ health, view }) => rank(view.state === 'never' ? least : health)),
    rank(total === 0 ? least : HEALTH.ok),
  )
  const health =
    limits.missing.length > 0 && worst < rank(HEALTH.warning) ? HEALTH.warning : (BY_RANK[worst] ?? HEALTH.ok)
  return { health, text: parts.join('; '), figures: [...figures, `consoles_closed=${closed.length};;;0`] }
}

/** Of many, what is lost counts for more than what is not known. */
const BY_RANK = [HEALTH.ok, HEALTH.warning, HEALTH.unknown, HEALTH.critical] as const
const rank = (health: Health) => BY_RANK.indexOf(health)

/** `OK - …| figures`, as the Monitoring Plugins' guidelines have it. */
export function pluginLine({ health, text, figures }: Judgement): string {
  const tail = figures.length === 0 ? '' : ` | ${figures.join(' ')}`
  return `${NAMES[health]} - ${oneLine(text)}${tail}`
}

/** A line of a CheckMK local check: `STATE "SERVICE" FIGURES TEXT`. */
export function checkmkLine(service: string, { health, text, figures }: Judgement): string {
  // Its figures have no units.
  const plain = figures.map(one => one.replace(/=([\d.]+)s/, '=$1'))
  return `${health} "oobm ${oneLine(service).replaceAll('"', '/')}" ${plain.join('|') || '-'} ${oneLine(text)}`
}

function causeOf({ report, connected, state }: DeviceView): string {
  return connected && !isOutOfSight(state) && report?.cause ? `: ${report.cause}` : ''
}

function closedOf({ report }: DeviceView): string[] {
  return (report?.consoles ?? []).filter(({ open }) => !open).map(({ name }) => name)
}

function few(names: readonly string[]): string {
  const rest = names.length - NAMED
  return `${names.slice(0, NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

/** What a device says must begin no figures, and end no line. */
function oneLine(text: string): string {
  return printable(text, 500).replaceAll('|', '/')
}
