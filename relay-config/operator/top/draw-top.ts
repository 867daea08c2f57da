/** The screen of `oobm-relay top` as lines, each as wide as the terminal at most; pure. */
import type { Paint } from '../../../cli/paint.ts'
import { shortAge } from '../../../cli/times.ts'
import { fitWidth, textWidth } from '../../../cli/width.ts'
import { isProvedReachable } from '../../../formats/states.ts'
import { printable } from '../../../runtime/printable.ts'
import { timeText } from '../../../runtime/time-text.ts'
import type { DeviceView } from '../../relay/state/device-view.ts'
import { colourOf } from '../../relay/state/fleet-states.ts'
import { isOutOfSight } from '../../relay/state/state-order.ts'
import { describeRow } from './describe-row.ts'
import { drawHelp } from './draw-help.ts'
import type { Row } from './fleet-rows.ts'
import { type Column, columnsFor, WIDE } from './top-columns.ts'
import { KEYS, type TopState } from './top-state.ts'

/** What is known of a relay: when it last said something, and what is wrong with it. */
export interface RelayState {
  name: string
  heardAtMs: number | undefined
  problem: string | undefined
}

export interface TopScreen {
  state: TopState
  rows: readonly Row[]
  views: readonly DeviceView[]
  relays: readonly RelayState[]
  /** What the last key could not do. */
  message: string
  nowMs: number
  columns: number
  lines: number
  paint: Paint
}

/** Milliseconds after which a relay, which says something every two seconds, counts as silent. */
export const OLD_MS = 15_000
/** Lines of the screen that are no rows: title, heads, detail (2), foot. */
const FRAME = 5

const REVERSE = '\x1b[7m'
const PLAIN = '\x1b[27m'

/** Rows that fit, with a line for each relay that does not answer. */
export function pageOf({ lines, relays, nowMs }: Pick<TopScreen, 'lines' | 'relays' | 'nowMs'>): number {
  return Math.max(1, lines - FRAME - troubles(relays, nowMs).length)
}

export function drawTop(screen: TopScreen): string[] {
  const { state, rows, columns, lines, paint, relays, nowMs } = screen
  const cut = (text: string) => fitWidth(text, columns).trimEnd()
  if (state.isHelp) return drawHelp(columns, lines, paint)
  const page = pageOf(screen)
  const table = columnsFor(screen)
  const shown = rows.slice(state.first, state.first + page)
  const selected = rows.find(({ id }) => id === state.selected)
  const blank = Array.from({ length: Math.max(0, page - shown.length) }, (_, at) =>
    at === 0 && rows.length === 0 ? nothing(screen) : '',
  )
  return [
    paint.strong(cut(title(screen))),
    ...troubles(relays, nowMs).map(text => paint.bad(cut(text))),
    paint.faint(cut(`  ${table.map(({ head, width }) => fitWidth(head, width)).join(' ')}`)),
    ...shown.map(row => drawRow(row, table, columns, row === selected, paint)),
    ...blank.map(cut),
    ...describeRow(selected, nowMs, columns).map(text => paint.faint(text)),
    foot(screen),
  ].slice(0, lines)
}

/** Without a terminal: all rows. */
export function drawTable(screen: TopScreen): string[] {
  const { rows, columns, paint } = screen
  const table = columnsFor(screen)
  const cut = (text: string) => fitWidth(text, columns).trimEnd()
  return [
    cut(table.map(({ head, width }) => fitWidth(head, width)).join(' ')),
    ...rows.map(row => cut(table.map(({ width, cell }) => fitWidth(cell(row), width)).join(' '))),
    summary(screen),
  ].map((line, at) => (at === 0 ? paint.strong(line) : line))
}

/** The choice has a sign of its own, beside the colours turned round. */
function drawRow(row: Row, table: readonly Column[], columns: number, isSelected: boolean, paint: Paint): string {
  const cells = table.map(({ width, cell }) => fitWidth(cell(row), width)).join(' ')
  const text = fitWidth(`${isSelected ? '>' : ' '} ${cells}`, columns)
  const coloured = paintOf(row, paint)(text)
  return isSelected ? `${REVERSE}${coloured}${PLAIN}` : coloured
}

function paintOf({ console, view, state, isTrouble }: Row, paint: Paint): (text: string) => string {
  if (state.endsWith('?')) return console === undefined ? paint.bad : paint.faint
  if (console !== undefined) return isTrouble ? paint.poor : String
  return colourOf(view.state, paint)
}

/** Of the whole fleet, whatever is shown of it. */
function summary({ views }: TopScreen): string {
  const proved = views.filter(({ state }) => isProvedReachable(state)).length
  const lines = views.flatMap(({ state, report }) => (isOutOfSight(state) ? [] : (report?.consoles ?? [])))
  const closed = lines.filter(({ open }) => !open).length
  const used = lines.filter(({ who }) => who.length > 0).length
  const parts = [`${views.length} device${views.length === 1 ? '' : 's'}`, `${proved} proved`]
  if (closed > 0) parts.push(`${closed} console${closed === 1 ? '' : 's'} closed`)
  if (used > 0) parts.push(`${used} in use`)
  return parts.join(', ')
}

function title(screen: TopScreen): string {
  const { relays, nowMs, state, columns } = screen
  const heard = relays.flatMap(({ name, heardAtMs }) =>
    heardAtMs === undefined || isSilent(heardAtMs, nowMs) ? [] : `${name} ${shortAge(heardAtMs, nowMs)} ago`,
  )
  const filter = state.filter === 'all' ? '' : `[only ${state.filter}]  `
  const left = `oobm-relay top  ${filter}${summary(screen)}`
  const right =
    columns >= WIDE
      ? `${heard.join(', ')}  ${timeText(nowMs)}`
      : heard.length > 2
        ? `${heard.length} relays`
        : heard.join(', ')
  const gap = columns - textWidth(left) - textWidth(right)
  return gap > 1 ? `${left}${' '.repeat(gap)}${right}` : left
}

export function isSilent(heardAtMs: number | undefined, nowMs: number): boolean {
  return heardAtMs === undefined || nowMs - heardAtMs > OLD_MS
}

function troubles(relays: readonly RelayState[], nowMs: number): string[] {
  return relays.flatMap(({ name, heardAtMs, problem }) => {
    if (!isSilent(heardAtMs, nowMs)) return []
    const since =
      heardAtMs === undefined ? 'has not answered yet' : `has said nothing for ${shortAge(heardAtMs, nowMs)}`
    return `relay ${name} ${since}${problem === undefined ? '' : `: ${printable(problem, 300)}`}; r logs in again`
  })
}

function nothing({ state, views }: TopScreen): string {
  if (views.length === 0) return '  no device: nothing is known yet'
  return state.search === '' && state.filter === 'all' ? '' : '  nothing matches; Esc shows all'
}

function foot({ state, message, rows, columns, paint }: TopScreen): string {
  if (state.isTyping) return fitWidth(`/${state.search}_   Enter keeps the search, Esc ends it`, columns).trimEnd()
  if (message !== '') return paint.bad(fitWidth(printable(message, 400), columns).trimEnd())
  const at = rows.findIndex(({ id }) => id === state.selected) + 1
  const keys = KEYS.flatMap(([key, , short]) => (short === undefined ? [] : `${key} ${short}`))
  const search = state.search === '' ? '' : `/${state.search}  `
  const left = `${search}${[...keys, 'q end'].join('  ')}`
  const right = `${at}/${rows.length}`
  const gap = columns - textWidth(left) - textWidth(right)
  return fitWidth(gap > 0 ? `${left}${' '.repeat(gap)}${right}` : left, columns).trimEnd()
}
