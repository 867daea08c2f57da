/**
 * What a relay tells a technician's key of their devices and consoles (`consoles` of oobm-technician-command, or `states` of an
 * earlier one), as rows of the desk; pure.
 */
import { printable } from '../../../../runtime/printable.ts'
import { timeText } from '../../../../runtime/time-text.ts'
import type { DeskConsole } from '../rows.ts'

export interface ToldState {
  device: string
  /** The first of its ports on the relay that this person may open: that of its shell, or that of its consoles, which is one more. */
  port: number
  state: string
  off: string | undefined
  provedAtMs: number | undefined
  reportedAtMs: number | undefined
  /** The interface by which its tunnel goes. */
  uplink: { name: string; kind: string; signalDbm: number | undefined } | undefined
  consoles: ToldConsole[]
}

type ToldConsole = Omit<DeskConsole, 'mayOpen'>

/** @returns undefined where this is no answer to `states`: a relay of an earlier version */
export function readStates(text: string, nowMs: number): ToldState[] | undefined {
  const lines = text.split('\n').filter(line => line !== '' && !/^and (\d+ )?more$/.test(line))
  const [consoles, devices] = [true, false].map(isOne => lines.filter(line => /^console=/.test(line) === isOne))
  const told = (devices ?? []).flatMap(line => readDevice(wordsOf(line), nowMs) ?? [])
  if (told.length !== devices?.length) return undefined
  const theirs = Number(wordsOf(devices[0] ?? '').words.get('now'))
  for (const line of consoles ?? []) {
    const { words, last } = wordsOf(line)
    told.find(({ device }) => device === words.get('device'))?.consoles.push(consoleOf(words, last, theirs, nowMs))
  }
  return told
}

interface Words {
  words: ReadonlyMap<string, string>
  /** Of the word that goes to the end of the line, whatever is in it. */
  last: string | undefined
}

function wordsOf(line: string): Words {
  const [, head = '', last] = /^(.*?)(?: (?:reason|cause)=(.*))?$/.exec(line) ?? []
  const words = head
    .split(' ')
    .map((word): [string, string] => [word.split('=')[0] ?? '', word.slice(word.indexOf('=') + 1)])
  return { words: new Map(words), last }
}

function consoleOf(words: Words['words'], cause = '', theirs: number, nowMs: number): ToldConsole {
  const moment = (seconds: string | undefined) =>
    /^\d+$/.test(seconds ?? '') ? nowMs - (theirs - Number(seconds)) * 1000 : undefined
  const open = words.get('open')
  const who = words.get('who') ?? '-'
  return {
    name: printable(words.get('console') ?? '', 40),
    open: open === 'yes' ? true : open === 'no' ? false : undefined,
    cause: printable(cause, 200),
    who: (who === '-' ? [] : who.split(',')).map(one => {
      const [name = '', does, since] = one.split(':')
      return { name: printable(name, 40), types: does === 'types', sinceMs: moment(since) ?? nowMs }
    }),
    outputAtMs: moment(words.get('output')) ?? (open === 'yes' ? null : undefined),
  }
}

function readDevice({ words, last }: Words, nowMs: number): ToldState | undefined {
  const theirs = Number(words.get('now'))
  const port = Number(words.get('port'))
  const device = words.get('device')
  if (device === undefined || !Number.isInteger(theirs) || !Number.isInteger(port)) return undefined
  // Ages count: the clocks of two machines differ.
  const moment = (name: string) => {
    const seconds = Number(words.get(name) ?? Number.NaN)
    return Number.isFinite(seconds) ? nowMs - (theirs - seconds) * 1000 : undefined
  }
  const reportedAtMs = moment('reported')
  const said = words.get('state') ?? '-'
  const isOpen = words.get('open') === 'yes'
  const isOff = words.get('access') === 'off'
  return {
    device: printable(device, 40),
    port,
    // The relay sees its listeners: without one, what the device said last is over.
    state:
      isOpen || isOff
        ? said === '-'
          ? 'unknown'
          : printable(said, 20)
        : reportedAtMs === undefined
          ? 'never'
          : 'away',
    off: isOff ? offText(words.get('by') ?? '-', moment('off'), moment('until'), last) : undefined,
    provedAtMs: moment('proved'),
    reportedAtMs,
    uplink: isOpen ? uplinkOf(words) : undefined,
    consoles: [],
  }
}

function uplinkOf(words: Words['words']): ToldState['uplink'] {
  const [name = '-', kind = '-', signal = '-'] = ['uplink', 'kind', 'signal'].map(word => words.get(word))
  if (name === '-') return undefined
  return {
    name: printable(name, 40),
    kind: kind === '-' ? '' : printable(kind, 20),
    signalDbm: /^-\d+$/.test(signal) ? Number(signal) : undefined,
  }
}

function offText(by: string, at: number | undefined, until: number | undefined, reason = ''): string {
  const since = at === undefined ? '' : ` since ${timeText(at)}`
  const end = until === undefined ? 'until it is switched on' : `until ${timeText(until)}`
  return printable(`off${since}, switched off by ${by}, ${end}${reason === '' ? '' : `: ${reason}`}`, 300)
}
