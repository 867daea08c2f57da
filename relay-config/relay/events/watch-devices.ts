/** What has happened to devices between two looks at them: lost, proved again, consoles, who has come; pure. */
import * as z from 'zod'
import { shortAge } from '../../../cli/times.ts'
import { isProvedReachable } from '../../../formats/states.ts'
import { printable } from '../../../runtime/printable.ts'
import { timeText } from '../../../runtime/time-text.ts'
import type { DeviceView } from '../state/device-view.ts'
import { meaningOf } from '../state/fleet-states.ts'
import { isOutOfSight } from '../state/state-order.ts'
import type { Happening } from './event.ts'

/** What was told of something that is good or bad, and since when it is bad though that was not told. */
const toldSchema = z.object({ bad: z.boolean(), sinceMs: z.number().optional() })
type Told = z.output<typeof toldSchema>

export const memorySchema = z.object({
  way: toldSchema.optional(),
  consoles: z.record(z.string(), toldSchema).default({}),
  /** Sessions on consoles that were told: whose and where, and when it began, in milliseconds since 1970. */
  logins: z.array(z.tuple([z.string(), z.number()])).default([]),
  /** People in the device's shell. */
  shell: z.int().default(0),
})

export type DeviceMemory = z.output<typeof memorySchema>

export interface LookOptions {
  nowMs: number
  /** Milliseconds for which something must be bad before it is told. */
  settleMs: number
  /** The other relays of the device. */
  others: readonly string[]
  /** Nothing is known of before: what is bad is told, and who is in is not. */
  isFirst: boolean
}

/** Milliseconds by which a session's beginning may differ from one look to the next: a device says ages in whole seconds. */
const SAME_MS = 15_000
/** Logins that are remembered of a device; and what is told of one device at one look, whatever it reports. */
const [LOGINS, PER_LOOK] = [256, 32]

export function watchDevice(
  memory: DeviceMemory | undefined,
  view: DeviceView,
  options: LookOptions,
): { memory: DeviceMemory; happened: Happening[] } {
  const { nowMs, settleMs, isFirst } = options
  const happened: Happening[] = []
  const before: DeviceMemory = memory ?? { consoles: {}, logins: [], shell: 0 }
  // What a device reported last says nothing of one that is away, and one whose access is off is not lost.
  const isFresh = view.connected && !isOutOfSight(view.state)
  const way =
    view.off || view.state === 'never' ? before.way : judge(before.way, wayIsBad(view), wayEvents(view, options))
  const consoles = { ...before.consoles }
  if (isFresh && view.report?.consoles) {
    const listed = view.report.consoles
    for (const { name, open, cause } of listed) {
      const told = judge(consoles[name], !open, consoleEvents(view, name, cause, nowMs))
      if (told !== undefined) consoles[name] = told
    }
    for (const name of Object.keys(consoles)) if (!listed.some(one => one.name === name)) delete consoles[name]
  }
  let { logins, shell } = before
  if (isFresh && view.report) {
    for (const { key, fromMs, event } of sessionsOf(view)) {
      const noted = noteLogin(logins, key, fromMs)
      if (noted !== undefined && !isFirst) happened.push(event)
      logins = noted ?? logins
    }
    const now = view.report.sessions.shell
    if (now > shell && !isFirst) happened.push(shellEvent(view, now, nowMs))
    shell = now
  }
  return {
    memory: { ...(way !== undefined && { way }), consoles, logins: [...logins], shell },
    happened: bounded(happened, view, nowMs),
  }

  function judge(
    told: Told | undefined,
    isBad: boolean,
    events: { bad(sinceMs: number): Happening; good(): Happening },
  ): Told {
    if (!isBad) {
      if (told?.bad) happened.push(events.good())
      return { bad: false }
    }
    if (told?.bad) return told
    const sinceMs = told?.sinceMs ?? nowMs
    if (nowMs - sinceMs < settleMs) return { bad: false, sinceMs }
    happened.push(events.bad(sinceMs))
    return { bad: true }
  }
}

/** @returns the logins with this one; undefined if it is among them already */
export function noteLogin(
  logins: DeviceMemory['logins'],
  key: string,
  fromMs: number,
): DeviceMemory['logins'] | undefined {
  if (logins.some(([other, ms]) => other === key && Math.abs(ms - fromMs) <= SAME_MS)) return undefined
  return [...logins, [key, fromMs] as [string, number]].slice(-LOGINS)
}

/** A device that reports what it likes displaces nothing of others. */
function bounded(happened: Happening[], { device }: DeviceView, nowMs: number): Happening[] {
  if (happened.length <= PER_LOOK) return happened
  const count = happened.length - PER_LOOK
  const text = `${device}: ${count} more events of this device at one moment were not told`
  return [...happened.slice(0, PER_LOOK), { event: 'dropped', device, at: iso(nowMs), count, text }]
}

function shellEvent({ device }: DeviceView, count: number, nowMs: number): Happening {
  const text = `${device}: somebody has come to its shell; ${count} ${count === 1 ? 'is' : 'are'} in`
  return {
    event: 'login',
    device,
    at: iso(nowMs),
    fromDevice: true,
    text,
    next: `oobm-relay history ${device} --since 1h`,
  }
}

function wayIsBad(view: DeviceView): boolean {
  return !view.connected || !isProvedReachable(view.state)
}

function wayEvents(view: DeviceView, { nowMs, others }: LookOptions) {
  const { device, state, provedAtMs, connected } = view
  const proved = provedAtMs === undefined ? 'never proved' : `last proved ${moment(provedAtMs, nowMs)}`
  const facts = { device, state: printable(state, 20), ...(provedAtMs !== undefined && { provedAt: iso(provedAtMs) }) }
  const next = { next: `oobm-relay status ${device}` }
  return {
    bad: (seenMs: number): Happening => {
      const sinceMs = Math.min(view.sinceMs ?? seenMs, seenMs)
      const since = { since: iso(sinceMs), at: iso(nowMs) }
      if (!connected && others.length > 0) {
        const text = `${device}: left this relay ${moment(sinceMs, nowMs)}; it may be at ${others.join(' or ')}; ${proved}`
        return { event: 'device-left', ...facts, ...since, text, ...next }
      }
      const what = meaningOf(state, 'this relay') ?? 'a state of a newer version'
      const cause = connected && view.report?.cause ? `: ${view.report.cause}` : ''
      const text = `${device}: nobody can get in, ${state} since ${moment(sinceMs, nowMs)} (${what}${cause}); ${proved}`
      return { event: 'device-lost', ...facts, ...since, text: printable(text, 400), ...next }
    },
    good: (): Happening => {
      const text = `${device}: proved again ${provedAtMs === undefined ? '' : moment(provedAtMs, nowMs)}`
      return { event: 'device-proved', ...facts, at: iso(nowMs), text: `${text.trimEnd()}; a technician can get in` }
    },
  }
}

function consoleEvents({ device }: DeviceView, name: string, cause: string, nowMs: number) {
  const console = printable(name, 60)
  const what = { device, console, at: iso(nowMs), fromDevice: true }
  return {
    bad: (sinceMs: number): Happening => {
      const why = cause === '' ? '' : `: ${cause}`
      const text = printable(`${device}: console ${console} is closed since ${moment(sinceMs, nowMs)}${why}`, 400)
      return { event: 'console-closed', ...what, since: iso(sinceMs), text, next: `oobm-relay status ${device}` }
    },
    good: (): Happening => ({ event: 'console-open', ...what, text: `${device}: console ${console} is open again` }),
  }
}

/** Who is on consoles now. */
function sessionsOf({ device, report, reportedAtMs }: DeviceView) {
  if (report === undefined || reportedAtMs === undefined) return []
  return (report.consoles ?? []).flatMap(({ name, who }) =>
    who.map(one => {
      const fromMs = reportedAtMs - one.forS * 1000
      const [console, technician] = [printable(name, 60), printable(one.technician, 60)]
      const text = `console ${console} at ${device}: ${technician} came at ${timeText(fromMs)}`
      const event: Happening = {
        ...{ event: 'login', device, console, technician, at: iso(fromMs) },
        fromDevice: true,
        text,
      }
      return { key: sessionKey(name, one.technician), fromMs, event }
    }),
  )
}

export const sessionKey = (console: string, technician: string) => `${console} ${technician}`

function moment(ms: number, nowMs: number): string {
  return `${timeText(ms)} (${shortAge(ms, nowMs)} ago)`
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
