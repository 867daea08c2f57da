/** What a relay tells a technician's key of their devices (`states` of oobm-technician-command), as rows of the desk; pure. */
import { printable } from '../../../../runtime/printable.ts'
import { timeText } from '../../../../runtime/time-text.ts'

export interface ToldState {
  device: string
  /** The port of its shell on the relay; that of its consoles is one more. */
  port: number
  state: string
  off: string | undefined
  provedAtMs: number | undefined
  reportedAtMs: number | undefined
}

/** @returns undefined where this is no answer to `states`: a relay of an earlier version */
export function readStates(text: string, nowMs: number): ToldState[] | undefined {
  const lines = text.split('\n').filter(line => line !== '' && !/^and \d+ more$/.test(line))
  const told = lines.flatMap(line => readLine(line, nowMs) ?? [])
  return told.length === lines.length ? told : undefined
}

function readLine(line: string, nowMs: number): ToldState | undefined {
  // The last word goes to the end of the line, whatever is in it.
  const [, head = '', reason] = /^(.*?)(?: reason=(.*))?$/.exec(line) ?? []
  const words = new Map(head.split(' ').map(word => [word.split('=')[0] ?? '', word.slice(word.indexOf('=') + 1)]))
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
    off: isOff ? offText(words.get('by') ?? '-', moment('off'), moment('until'), reason) : undefined,
    provedAtMs: moment('proved'),
    reportedAtMs,
  }
}

function offText(by: string, at: number | undefined, until: number | undefined, reason = ''): string {
  const since = at === undefined ? '' : ` since ${timeText(at)}`
  const end = until === undefined ? 'until it is switched on' : `until ${timeText(until)}`
  return printable(`off${since}, switched off by ${by}, ${end}${reason === '' ? '' : `: ${reason}`}`, 300)
}
