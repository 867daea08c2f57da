/** The fleet's states as lines for a terminal, worst first; pure. Nothing that a device said gets there unclean. */
import { printable } from '../../runtime/printable.ts'
import { STATUS_WORDS, WORDS } from '../../runtime/status-words.ts'
import { shortAge } from './ages.ts'
import type { DeviceState } from './device-state.ts'

/** Colours where a person reads; the text as it is where a program does. */
export interface Paint {
  good(text: string): string
  bad(text: string): string
  faint(text: string): string
  strong(text: string): string
}

export const PLAIN: Paint = { good: String, bad: String, faint: String, strong: String }

/** What is not a device's own word, worse than all of them. */
const OWN_WORDS: Record<string, string> = {
  away: 'not connected to this relay',
  silent: 'connected, and has not reported for a quarter of an hour',
  never: 'never connected to this relay',
}
const ORDER = [...Object.keys(OWN_WORDS), ...WORDS]

/** Worst first, then by name. A word of a newer version is as bad as can be, until this program knows it. */
export function worstFirst(states: readonly DeviceState[]): DeviceState[] {
  const rank = new Map(ORDER.map((word, index) => [word, index]))
  const rankOf = ({ word }: DeviceState) => rank.get(word) ?? -1
  return states.toSorted((a, b) => rankOf(a) - rankOf(b) || (a.device < b.device ? -1 : 1))
}

/** @param width columns of the terminal */
export function describeFleet(states: readonly DeviceState[], nowMs: number, width: number, paint: Paint): string[] {
  const rows = worstFirst(states).map(state => rowOf(state, nowMs))
  const head = ['DEVICE', 'STATE', 'PROVED', 'RTT', 'SINCE', 'VERSION', 'UPLINK', 'CONSOLES']
  const widest = (column: number, max: number) =>
    Math.min(max, Math.max(...[head, ...rows.map(({ cells }) => cells)].map(cells => cells[column]?.length ?? 0)))
  const widths = [widest(0, Math.max(18, width - 62)), ...[1, 2, 3, 4, 5, 6].map(column => widest(column, 12))]
  const line = (cells: readonly string[]) => {
    const columns = widths.map((size, index) => fit(cells[index] ?? '', size).padEnd(size)).join(' ')
    return `${columns} ${cells[7] ?? ''}`.slice(0, width).trimEnd()
  }
  const well = rows.filter(({ isWell }) => isWell).length
  return [
    paint.strong(line(head)),
    ...rows.map(({ cells, isWell, isOff }) => (isOff ? paint.faint : isWell ? paint.good : paint.bad)(line(cells))),
    `${rows.length} device${rows.length === 1 ? '' : 's'}, ${well} proved`,
  ]
}

function rowOf(state: DeviceState, nowMs: number) {
  const { device, word, report, provedAtMs, sinceMs, off } = state
  const isWell = word === 'ready' || word === 'in-use'
  const cells = [
    device,
    off && word !== 'maintenance' ? `${clean(word, 7)},off` : clean(word, 12),
    shortAge(provedAtMs, nowMs),
    report === undefined || report.probeMs === null ? '-' : `${Math.round(report.probeMs)}ms`,
    shortAge(sinceMs, nowMs),
    clean(report?.software ?? '-', 10),
    clean(report?.uplink ?? '-', 10),
    describeConsoles(state),
  ]
  return { cells, isWell, isOff: word === 'maintenance' }
}

/** `sw1:alice*,bob sw2`: `*` may type, `!` is a line that is closed. Who was on one before the device went is nobody now. */
function describeConsoles({ report, connected }: DeviceState): string {
  return (report?.consoles ?? [])
    .map(({ name, open, who }) => {
      const people = connected ? who.map(({ technician, types }) => `${clean(technician, 32)}${types ? '*' : ''}`) : []
      return `${clean(name, 32)}${open ? '' : '!'}${people.length > 0 ? `:${people.join(',')}` : ''}`
    })
    .join(' ')
}

/** One device in depth, with what went wrong lately. */
export function describeDevice(state: DeviceState, nowMs: number, paint: Paint): string[] {
  const { device, word, connected, report, reportedAtMs, maintenance, off } = state
  const isWell = word === 'ready' || word === 'in-use'
  const age = (thenMs: number | undefined) => (thenMs === undefined ? 'never' : `${shortAge(thenMs, nowMs)} ago`)
  const meaning = OWN_WORDS[word] ?? (STATUS_WORDS as Record<string, { meaning: string }>)[word]?.meaning
  const lines = [
    `${paint.strong(device)}  ${(isWell ? paint.good : paint.bad)(clean(word, 20))}  proved ${age(state.provedAtMs)}`,
    row('means', meaning ?? 'a word of a newer version: upgrade oobm-relay'),
    row(
      'here',
      connected ? 'connected to this relay' : 'not connected to this relay; what follows is what it said last',
    ),
    row(
      'maintenance',
      off ? describeOff(state, nowMs) : `on${maintenance ? `, switched by ${clean(maintenance.by, 40)}` : ''}`,
    ),
  ]
  if (!report || reportedAtMs === undefined) return [...lines, row('report', 'none yet')]
  const reported = reportedAtMs
  return [
    ...lines,
    row('report', age(reported)),
    row('cause', clean(report.cause, 400)),
    row('since', age(reported - report.sinceS * 1000)),
    row(
      'round trip',
      [report.probeMs, report.tookMs].map(ms => (ms === null ? '-' : `${Math.round(ms)} ms`)).join(', self-test '),
    ),
    row('version', clean(report.software, 40)),
    row('uplink', clean(report.uplink ?? 'unknown', 40)),
    row('sessions', `${report.sessions.shell} in the shell, ${report.sessions.console} on consoles`),
    ...(report.consoles === null ? [row('consoles', 'the console bridge does not answer')] : []),
    ...(report.consoles ?? []).flatMap(({ name, open, cause, who }) => [
      row('console', `${clean(name, 40)} ${open ? 'open' : `closed: ${clean(cause)}`}`),
      ...who.map(one =>
        row(
          '',
          `${clean(one.technician, 40)} ${one.types ? 'types' : 'watches'}, since ${age(reported - one.forS * 1000)}`,
        ),
      ),
    ]),
    ...(report.changes.length > 0 ? [paint.strong('latest changes')] : []),
    ...report.changes.map(change => {
      const at = new Date(reported - change.agoS * 1000).toISOString().slice(0, 19).replace('T', ' ')
      return `  ${paint.faint(`${at}Z`)}  ${clean(change.word, 12).padEnd(12)}  ${clean(change.cause, 400)}`
    }),
  ]
}

function describeOff({ maintenance }: DeviceState, nowMs: number): string {
  if (!maintenance) return 'off'
  const { until, at, by, reason } = maintenance
  const end = until === null ? '' : `, until ${new Date(until * 1000).toISOString()}`
  return `off since ${shortAge(at * 1000, nowMs)}, by ${clean(by, 40)}${end}${reason ? `: ${clean(reason)}` : ''}`
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(11)}  ${text}`
}

const clean = (text: string, max = 200) => printable(text, max)

function fit(text: string, size: number): string {
  return text.length <= size ? text : `${text.slice(0, size - 1)}…`
}
