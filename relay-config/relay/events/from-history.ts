/** An entry of the history as an event; pure. Texts of devices are cleaned of what a terminal obeys. */
import { printable } from '../../../runtime/printable.ts'
import { timeText } from '../../../runtime/time-text.ts'
import type { HistoryEntry } from '../history.ts'
import type { Happening, KindName } from './event.ts'

const NAMES: Record<string, KindName> = {
  break: 'break',
  refused: 'login-refused',
  alert: 'alert',
  command: 'command',
  typed: 'typed',
  power: 'power',
  uplink: 'uplink',
  way: 'uplink',
  enrol: 'enrolled',
  session: 'session',
  shell: 'session',
  lost: 'dropped',
  'Stop Remote M.': 'access-off',
  'Start Remote M.': 'access-on',
}

/** What a device says of a document that took no effect, or not for long: `serial 7 refused: …`. */
const REFUSED = /^(?:serial \d+|[\da-f]{1,12}) (?:refused|partly|undone)\b/

function kindOf({ event, source, reason = '' }: HistoryEntry): KindName {
  if (event === 'settings') return source === 'device' && REFUSED.test(reason) ? 'settings-refused' : 'settings'
  return Object.hasOwn(NAMES, event) ? (NAMES[event] ?? 'operator') : 'operator'
}

/** @returns undefined for an entry without a time, which somebody has written by hand */
export function fromHistory(entry: HistoryEntry): Happening | undefined {
  if (Number.isNaN(Date.parse(entry.at))) return undefined
  const event = kindOf(entry)
  const { device, console, technician, rule, from, source } = entry
  const at = new Date(entry.at).toISOString()
  const named = (key: string, value: string | undefined) => (value === undefined ? {} : { [key]: clean(value, 60) })
  return {
    ...{ event, at, text: textOf(event, entry) },
    ...named('device', device),
    ...named('console', console),
    ...named('technician', technician ?? (source === 'device' ? undefined : entry.by)),
    ...named('rule', rule),
    ...(from !== undefined && !Number.isNaN(Date.parse(from)) && { since: new Date(from).toISOString() }),
    ...countOf(event, entry),
    ...(source === 'device' && { fromDevice: true }),
    ...nextOf(event, entry),
  }
}

function countOf(event: KindName, { count, reason = '' }: HistoryEntry): { count?: number } {
  if (event === 'dropped') return { count: Number(/^(\d{1,9}) /.exec(reason)?.[1] ?? 1) }
  return event === 'alert' ? { count: count ?? 1 } : {}
}

function textOf(event: KindName, entry: HistoryEntry): string {
  const {
    device = 'this relay',
    console,
    technician,
    by,
    from,
    at,
    address,
    reason,
    rule,
    count = 1,
    typist,
    text,
  } = entry
  const place = console === undefined ? device : `console ${console} at ${device}`
  const who = technician ?? by
  const where = address === undefined ? '' : `, from ${address}`
  const why = reason === undefined ? '' : `: ${reason}`
  const span = from === undefined ? '' : ` from ${moment(from)}`
  return clean(sentence(), 400)

  function sentence(): string {
    switch (event) {
      case 'alert': {
        const times = count === 1 ? `at ${moment(at)}` : `${count} times${span} to ${moment(at)}`
        const said = text === undefined ? '' : `: "${text}"`
        return `${place}: rule ${rule ?? 'unknown'} matched ${times}${typist === undefined ? '' : `, after input by ${typist}`}${said}`
      }
      case 'break':
        return `${place}: ${who} sent a BREAK at ${moment(at)}${where}${why}`
      case 'login':
        return `${place}: ${who} came at ${moment(from ?? at)}${where}${why}`
      case 'session':
        return `${place}: ${who} was in${span} to ${moment(at)}${where}${why}`
      case 'login-refused':
        return `${place}: ${who} was refused at ${moment(at)}${where}${why}`
      case 'settings-refused':
        return `${place}: settings did not take effect, ${moment(at)}${why}`
      case 'access-off':
        return `${place}: ${who} switched access off at ${moment(at)}${entry.to === undefined ? '' : `, until ${moment(entry.to)}`}${why}`
      case 'access-on':
        return `${place}: ${who} switched access on at ${moment(at)}${why}`
      default:
        return `${place}: ${entry.event} by ${who}${span}${from === undefined ? ' at' : ' to'} ${moment(at)}${where}${why}`
    }
  }
}

function nextOf(event: KindName, { device, console }: HistoryEntry): { next?: string } {
  if (device === undefined) return {}
  switch (event) {
    case 'alert':
      return console === undefined ? {} : { next: `ssh ${clean(console, 60)} log --since 2h` }
    case 'settings-refused':
      return { next: `oobm-relay settings show ${device}` }
    case 'access-off':
      return { next: `oobm-relay on ${device}` }
    case 'login-refused':
    case 'break':
      return { next: `oobm-relay history ${device} --since 1d` }
    case 'dropped':
      return { next: `oobm-relay history ${device} --since 1d` }
    default:
      return {}
  }
}

const clean = (text: string, max: number) => printable(text, max)

function moment(iso: string): string {
  const ms = Date.parse(iso)
  return Number.isNaN(ms) ? iso : timeText(ms)
}
