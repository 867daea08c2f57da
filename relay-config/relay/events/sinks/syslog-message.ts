/** An event as a message of RFC 5424; pure. */
import { type RelayEvent, SEVERITIES } from '../event.ts'
import { FACILITIES } from '../events-config.ts'

/** Kept for documentation by IANA (RFC 5612): this project has no number of its own. */
const SD_ID = 'oobm@32473'
const PARAMETERS = [
  ...([
    'id',
    'device',
    'console',
    'technician',
    'state',
    'since',
    'provedAt',
    'rule',
    'count',
    'relay',
    'next',
  ] as const),
]

/** @param host of the relay */
export function syslogMessage(event: RelayEvent, host: string, facility: keyof typeof FACILITIES): string {
  const pri = FACILITIES[facility] * 8 + SEVERITIES[event.severity]
  const pairs = PARAMETERS.flatMap(name =>
    event[name] === undefined ? [] : [`${name}="${escaped(String(event[name]))}"`],
  )
  const text = event.next === undefined ? event.text : `${event.text}; next: ${event.next}`
  // A byte order mark says that the text is UTF-8 (section 6.4); some collectors show it, so ASCII has none.
  const message = /^[ -~]*$/.test(text) ? text : `\uFEFF${text}`
  return `<${pri}>1 ${event.at} ${token(host, 255)} oobm-relay - ${token(event.event, 32)} [${SD_ID} ${pairs.join(' ')}] ${message}`
}

/** Octet counting (RFC 6587, section 3.4.1; RFC 5425). */
export function framed(message: string): Buffer {
  const bytes = Buffer.from(message)
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes])
}

function escaped(value: string): string {
  return value.replace(/["\\\]]/g, '\\$&')
}

function token(text: string, max: number): string {
  return text.replace(/[^!-~]/g, '_').slice(0, max) || '-'
}
