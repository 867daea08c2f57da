/** The messages of the control channel between a device and its relay, defined in docs/protocol.md: the only code that knows them. */
import * as z from 'zod'
import { asciiJson } from '../runtime/printable.ts'
import { formatSettingsOffer, parseSettingsOffer, type SettingsOffer } from './settings-delivery.ts'
import { withState, withWord } from './states.ts'
import { RUNGS } from './ways-out.ts'

/** Bytes of a line without its end: POSIX's PIPE_BUF, so that one write to the relay's FIFO is one line. */
export const LINE_MAX = 4_096

/** What a device runs on a relay; the relay's side is oobm-device-command. */
export const DEVICE_COMMANDS = {
  /** @param token 32 lower-case hex digits */
  claim: (token: string) => `claim ${token}`,
  evict: () => 'evict',
  /** @param digest of a document that the relay has offered; see settings-delivery.ts */
  settings: (digest: string) => `settings ${digest}`,
  /** For a measurement; see speed.ts. */
  speed: (direction: 'up' | 'down') => `speed ${direction}`,
} as const

/** What a device says of a connection that has no listeners while people are still in on it, and when it asks for them again. */
export const formatSpare = (isSpared: boolean) => `spare ${isSpared ? 'yes' : 'no'}`

/** What a relay answers to a device's question. */
export type RelayAnswer =
  /** Seconds since another supervisor of this identity was turned away; undefined when none was. */
  | { type: 'others'; seconds: number | undefined }
  /** Whether the relay's sshd still takes connections on the port by which this one came. */
  | { type: 'listening'; answer: (typeof LISTENING)[number] }

/** What a relay sends to a device unasked. */
export type RelayOrder =
  | { type: 'maintenance'; off: false }
  /** Seconds since 1970 by the relay's clock: the end, and now; a device uses only their difference. `by`: who did it. */
  | { type: 'maintenance'; off: true; untilS?: number; nowS?: number; by?: string }
  | { type: 'blink'; seconds: number }
  /** Which of its configured relays the device is to go to. */
  | { type: 'relay'; host: string; port: number; user: string }
  | SettingsOffer

/** What a relay says to a device. */
export type RelayMessage = RelayAnswer | RelayOrder

const LISTENING = ['yes', 'no', 'unknown'] as const

/** A login name that is passed on. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/

/** Seconds that an LED may blink at one message: long enough to walk through a hall. */
export const BLINK_MAX_S = 600

/** @returns undefined for a message that this version does not know, and for one that is not whole */
export function parseRelayLine(line: string): RelayMessage | undefined {
  const [type, ...rest] = line.split(' ')
  switch (type) {
    case 'others': {
      if (line === 'others none') return { type, seconds: undefined }
      const seconds = wholeNumber(rest[0])
      return rest.length === 1 && seconds !== undefined ? { type, seconds } : undefined
    }
    case 'listening': {
      const answer = LISTENING.find(one => one === rest[0])
      return answer === undefined ? undefined : { type, answer }
    }
    case 'maintenance':
      return parseMaintenance(rest)
    case 'blink': {
      const seconds = wholeNumber(rest[0])
      return seconds === undefined ? undefined : { type, seconds: Math.min(seconds, BLINK_MAX_S) }
    }
    case 'relay': {
      const [host, portText, user] = rest
      const port = wholeNumber(portText)
      if (!host || port === undefined || !user) return undefined
      return { type, host, port, user }
    }
    case 'settings':
      return parseSettingsOffer(rest)
    default:
      return undefined
  }
}

function parseMaintenance([state, until, now, by]: string[]): RelayMessage | undefined {
  if (state === 'on') return { type: 'maintenance', off: false }
  if (state !== 'off') return undefined
  const untilS = wholeNumber(until)
  const nowS = wholeNumber(now)
  return {
    type: 'maintenance',
    off: true,
    ...(untilS !== undefined && { untilS }),
    ...(nowS !== undefined && { nowS }),
    ...(by !== undefined && NAME.test(by) && { by }),
  }
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined
}

/** An order to a device as a line, without its end. */
export function formatRelayMessage(message: RelayOrder): string {
  switch (message.type) {
    case 'maintenance': {
      if (!message.off) return 'maintenance on'
      const by = message.by !== undefined && NAME.test(message.by) ? message.by : undefined
      const times = [message.untilS, message.untilS === undefined ? undefined : message.nowS]
      // A value that is not known and has others after it is a `-`; an older device reads that as none.
      const fields =
        by === undefined ? times.filter(time => time !== undefined) : [...times.map(time => time ?? '-'), by]
      return ['maintenance off', ...fields].join(' ')
    }
    case 'blink':
      return `blink ${message.seconds}`
    case 'relay':
      return `relay ${message.host} ${message.port} ${message.user}`
    case 'settings':
      return formatSettingsOffer(message)
    default:
      return message satisfies never
  }
}

/** Seconds before the moment of the report: a board without a clock knows ages, not times. */
const age = z.int().min(0).max(1e10)
const text = (max: number) => z.string().max(max)

/** What a device says of itself. Another version's report may have more keys, and states that are not known here. */
export const deviceReportSchema = z.preprocess(
  withState,
  z.object({
    v: z.literal(1),
    state: text(20),
    cause: text(400),
    sinceS: age,
    /** Age of the last proof of the way back; null until there is one. */
    proofS: age.nullable(),
    /** How that was proved, see docs/protocol.md; missing in reports of older devices. */
    proofBy: z.enum(['login', 'self-test']).nullable().optional().catch(undefined),
    /** Milliseconds of that proof, and of the last in-band probe. */
    tookMs: z.number().nullable(),
    probeMs: z.number().nullable(),
    sessions: z.object({ shell: z.int(), console: z.int() }),
    software: text(40),
    /** Seconds between two of its pings on a silent connection; missing in reports of older devices. */
    pingS: z.number().min(1).max(86_400).optional().catch(undefined),
    /** The network interface of its default route; null where it has none. */
    uplink: text(40).nullable(),
    /** The signal of that interface, where it is a Wi-Fi: dBm. */
    signalDbm: z.int().min(-200).max(0).optional().catch(undefined),
    /** What SSH is wrapped in on the way of its tunnel; missing in reports of older devices. */
    way: z.enum(RUNGS).optional().catch(undefined),
    /** The interfaces that lead out, best first; missing where there is no choice, and in reports of older devices. */
    uplinks: z
      .array(
        z.object({
          name: text(40),
          kind: text(20),
          /** It is paid by the byte. */
          metered: z.boolean(),
          /** The tunnel goes by it. */
          carries: z.boolean(),
          /** Age of the last login through the relay and by it; null until there is one. */
          provedS: age.nullable(),
          /** Bytes in the last 24 hours, or since the start; null for one that costs nothing. */
          dayBytes: z.int().min(0).nullable(),
          /** Why it does not carry the tunnel; empty while it does. */
          why: text(200),
        }),
      )
      .max(8)
      .optional()
      .catch(undefined),
    /** The captive portals that it found; missing where there is none, and in reports of older devices. */
    portals: z
      .array(
        z.object({
          /** Null for the default route. */
          uplink: text(40).nullable(),
          /** The address of its page. */
          page: text(160),
          /** Age of its last answer. */
          agoS: age,
        }),
      )
      .max(4)
      .optional()
      .catch(undefined),
    /** Null while the console bridge does not answer. */
    consoles: z
      .array(
        z.object({
          name: text(40),
          open: z.boolean(),
          cause: text(200),
          who: z.array(z.object({ technician: text(40), types: z.boolean(), forS: age })).max(64),
          /** Age of the last output; null for none since the bridge's start, missing in reports of older devices. */
          outputS: age.nullable().optional().catch(undefined),
        }),
      )
      .max(64)
      .nullable(),
    /** The latest changes of its state, newest last. */
    changes: z.array(z.preprocess(withState, z.object({ agoS: age, state: text(20), cause: text(400) }))).max(50),
  }),
)

export type DeviceReport = z.output<typeof deviceReportSchema>

/** A person's session on a console that is over. */
export const pastSessionSchema = z.object({
  console: text(40),
  technician: text(40),
  /** When it began and ended, as ages. */
  fromS: age,
  toS: age,
})

export type PastSession = z.output<typeof pastSessionSchema>

export function formatSession({ console, technician, fromS, toS }: PastSession): string {
  return `session ${asciiJson({ console: console.slice(0, 40), technician: technician.slice(0, 40), fromS, toS })}`
}

/** Something that people did at a device, or that was refused, other than the end of a console session and an alert. */
export const deviceEventSchema = z.object({
  /**
   * `break`, `word` (a command at the bridge), `refused` (a login), `typed` (how much was sent to a target), `power` (of a
   * target), `shell` (a
   * session that has ended), `uplink` and `way` (the tunnel goes another way out), `button` (of the device, was pressed), `lost`
   * (older ones).
   */
  event: text(20),
  /** Seconds since then, or since its end if it lasted. */
  agoS: age,
  /** Seconds since its beginning. */
  fromS: age.optional(),
  console: text(40).optional(),
  technician: text(40).optional(),
  /** Where they came from, as the device knows it. */
  address: text(60).optional(),
  detail: text(120).optional(),
  /** The same if a device sends the event again, after its supervisor restarted. */
  ref: text(60).optional(),
})

export type DeviceEvent = z.output<typeof deviceEventSchema>

export function formatEvent({ event, agoS, fromS, console, technician, address, detail, ref }: DeviceEvent): string {
  const cut = (value: string | undefined, max: number) => value?.slice(0, max)
  const who = { event, agoS, fromS, console: cut(console, 40), technician: cut(technician, 40), ref }
  const whole = asciiJson({ ...who, address: cut(address, 60), detail: cut(detail, 120) })
  // The relay does not keep longer ones; everything but ASCII takes six bytes.
  return `event ${whole.length <= DEED_MAX ? whole : asciiJson({ ...who, detail: cut(detail, 20) })}`
}

/** Bytes of an event or a session that a relay keeps. */
const DEED_MAX = 512

/** A rule that what a target said has matched. The line itself is in it only where the rule allows that. */
export const deviceAlertSchema = z.object({
  event: z.literal('alert'),
  /** Seconds since the last match, and since the first. */
  agoS: age,
  fromS: age,
  console: text(40),
  rule: text(40),
  /** Lines that matched. */
  count: z.int().min(1),
  /** Who sent something to the target shortly before. */
  typist: text(40).optional(),
  /** The first line that matched. */
  text: text(200).optional(),
  /** The same each time the device tells this alert, with what its count is then. */
  ref: text(60),
})

export type DeviceAlert = Omit<z.output<typeof deviceAlertSchema>, 'event'>

export function formatAlert({ console, rule, typist, text, ...numbers }: DeviceAlert): string {
  const alert = { event: 'alert', ...numbers, console: console.slice(0, 40), rule: rule.slice(0, 40) }
  const who = { ...alert, ...(typist !== undefined && { typist: typist.slice(0, 40) }) }
  if (text === undefined) return `event ${asciiJson(who)}`
  // The relay keeps no longer ones; everything but ASCII takes six bytes, or twelve.
  for (let characters = [...text]; ; characters = characters.slice(0, -8)) {
    const whole = asciiJson({ ...who, text: characters.join('') })
    if (whole.length <= DEED_MAX || characters.length === 0) return `event ${whole}`
  }
}

/** The report as a line of printable ASCII, so that a relay can refuse all other bytes, made to fit: the oldest changes go first, then the consoles' details. */
export function formatReport(report: DeviceReport): string {
  let fitting: DeviceReport = { ...report, cause: report.cause.slice(0, 400) }
  for (;;) {
    const line = `report ${asciiJson({ ...withWord(fitting), changes: fitting.changes.map(withWord) })}`
    if (line.length <= LINE_MAX) return line
    if (fitting.changes.length > 0) fitting = { ...fitting, changes: fitting.changes.slice(1) }
    else if (fitting.consoles?.some(({ cause, who }) => cause !== '' || who.length > 0)) {
      fitting = { ...fitting, consoles: fitting.consoles.map(({ name, open }) => ({ name, open, cause: '', who: [] })) }
    } else if (fitting.uplinks?.some(({ why }) => why !== '')) {
      fitting = { ...fitting, uplinks: fitting.uplinks.map(uplink => ({ ...uplink, why: '' })) }
    } else if (fitting.consoles !== null) fitting = { ...fitting, consoles: null }
    else fitting = { ...fitting, cause: '' }
  }
}
