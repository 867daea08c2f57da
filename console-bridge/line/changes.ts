/** Changes of a line as people write them: `speed 115200 parity even`, `115200 8N1`, `dtr off`. */
import { consoleShape } from '../../formats/console-settings.ts'
import type { LineSettings, ModemOutputs } from './line.ts'
import { describeSettings } from './settings.ts'

export type LineChanges = Partial<LineSettings & ModemOutputs>

/** Each setting: what people call it, its values, and how a value is read. The help and the messages come from here. */
export const LINE_WORDS: Readonly<Record<string, { values: string; read(value: string): LineChanges | undefined }>> = {
  speed: { values: '9600', read: value => known({ baudRate: whole(value) }) },
  bits: { values: '5|6|7|8', read: value => known({ dataBits: whole(value) }) },
  parity: { values: 'none|even|odd', read: value => known({ parity: value }) },
  stop: { values: '1|2', read: value => known({ stopBits: whole(value) }) },
  flow: { values: 'none|rts-cts|xon-xoff', read: value => known({ flowControl: value }) },
  dtr: { values: 'on|off', read: value => onOff(value, dtr => ({ dtr })) },
  rts: { values: 'on|off', read: value => onOff(value, rts => ({ rts })) },
}

const PARITIES: Readonly<Record<string, string>> = { N: 'none', E: 'even', O: 'odd' }
/** Of a kept file, too: what is not in the schema of a console is not a setting. */
const SCHEMA = consoleShape.pick({ baudRate: true, dataBits: true, parity: true, stopBits: true, flowControl: true })

/** @returns the changes, or what is wrong as a sentence */
export function readChanges(words: readonly string[]): LineChanges | string {
  let changes: LineChanges = {}
  for (let at = 0; at < words.length; at++) {
    const word = (words[at] ?? '').toLowerCase()
    const short = readShort(word)
    if (short) {
      changes = { ...changes, ...short }
      continue
    }
    const entry = Object.hasOwn(LINE_WORDS, word) ? LINE_WORDS[word] : undefined
    if (!entry) return `unknown setting "${word.slice(0, 40)}"; known are: ${Object.keys(LINE_WORDS).join(', ')}`
    const value = words[++at]?.toLowerCase()
    const read = value === undefined ? undefined : entry.read(value)
    if (!read) return `${word} must be ${entry.values.replaceAll('|', ', ')}: ${value ?? 'nothing'} is not`
    changes = { ...changes, ...read }
  }
  return changes
}

/** `115200`, `8N1`. */
function readShort(word: string): LineChanges | undefined {
  if (/^\d+$/.test(word)) return known({ baudRate: whole(word) })
  const [, bits = '', parity = '', stop = ''] = /^([5-8])([neo])([12])$/.exec(word) ?? []
  if (bits === '') return undefined
  return known({ dataBits: Number(bits), parity: PARITIES[parity.toUpperCase()], stopBits: Number(stop) })
}

/** `115200 8N1`, `DTR off`. */
export function describeChanges(changes: LineChanges, settings: LineSettings): string {
  const { dtr, rts, ...ofSettings } = changes
  const parts = Object.keys(ofSettings).length > 0 ? [describeSettings({ ...settings, ...ofSettings })] : []
  if (dtr !== undefined) parts.push(`DTR ${dtr ? 'on' : 'off'}`)
  if (rts !== undefined) parts.push(`RTS ${rts ? 'on' : 'off'}`)
  return parts.join(', ')
}

function known(changes: Record<string, unknown>): LineChanges | undefined {
  const { success } = SCHEMA.partial().safeParse(changes)
  return success ? (changes as LineChanges) : undefined
}

function whole(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
}

function onOff(value: string, of: (on: boolean) => LineChanges): LineChanges | undefined {
  return value === 'on' || value === 'off' ? of(value === 'on') : undefined
}
