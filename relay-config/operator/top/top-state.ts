/** What a person has chosen in `oobm-relay top`, and what each key changes; pure. */
import { FILTERS, type Filter, type Row } from './fleet-rows.ts'

export interface TopState {
  /** The id of a row: the choice stays on it wherever it moves to. */
  selected: string | undefined
  /** The first row that is shown. */
  first: number
  search: string
  /** What is typed goes to the search. */
  isTyping: boolean
  filter: Filter
  hidesConsoles: boolean
  isHelp: boolean
}

export const FIRST_STATE: TopState = {
  ...{ selected: undefined, first: 0, search: '', isTyping: false, filter: 'all', hidesConsoles: false, isHelp: false },
}

/** As node:readline gives it. */
export interface Key {
  name?: string | undefined
  sequence?: string | undefined
  ctrl?: boolean
  meta?: boolean
}

export type TopAction = 'quit' | 'open' | 'login' | 'redraw' | 'suspend'

/** What the keys do, in the order of the help. */
export const KEYS: readonly (readonly [keys: string, does: string, isAtFoot?: string])[] = [
  ['Enter', 'open the console, or the shell of the device; the list returns when you leave', 'open'],
  ['Up Down PgUp PgDn Home End, j k', 'move'],
  ['/', 'search: device, console, label, person, state, cause. Enter keeps it, Esc ends it', 'search'],
  ['f', 'show all, then only trouble, then only what is in use', 'filter'],
  ['Tab', 'show or hide consoles', 'consoles'],
  ['r', 'log in again at a relay that does not answer, also where ssh has to ask you', 'login'],
  ['Ctrl-L', 'draw again'],
  ['?', 'this help', 'help'],
  ['q, Ctrl-C', 'end'],
]

/** Characters of a search. */
const SEARCH_MAX = 60

/** @param page rows that are shown at a time */
export function press(
  state: TopState,
  key: Key,
  rows: readonly Row[],
  page: number,
): { state: TopState; action?: TopAction } {
  if (key.ctrl) return pressControl(state, key)
  if (state.isHelp) return { state: { ...state, isHelp: false } }
  const move = moveBy(key, page)
  if (move !== undefined) return { state: { ...state, selected: moved(state, rows, move) } }
  if (state.isTyping) return { state: typed(state, key) }
  switch (key.name) {
    case 'return':
    case 'enter':
      return { state, action: 'open' }
    case 'escape':
      return { state: { ...state, search: '', filter: 'all' } }
    case 'tab':
      return { state: { ...state, hidesConsoles: !state.hidesConsoles } }
  }
  switch (key.sequence) {
    case 'q':
      return { state, action: 'quit' }
    case 'j':
      return { state: { ...state, selected: moved(state, rows, 1) } }
    case 'k':
      return { state: { ...state, selected: moved(state, rows, -1) } }
    case '/':
      return { state: { ...state, isTyping: true } }
    case 'f':
      return { state: { ...state, filter: FILTERS[(FILTERS.indexOf(state.filter) + 1) % FILTERS.length] ?? 'all' } }
    case 'r':
      return { state, action: 'login' }
    case '?':
    case 'h':
      return { state: { ...state, isHelp: true } }
  }
  return { state }
}

/** The state for these rows: a row that is gone gives the choice to the one in its place, and the choice is in sight. */
export function settle(state: TopState, rows: readonly Row[], before: readonly Row[], page: number): TopState {
  const place = rows.findIndex(({ id }) => id === state.selected)
  const earlier = before.findIndex(({ id }) => id === state.selected)
  const at = Math.max(0, place >= 0 ? place : Math.min(earlier, rows.length - 1))
  const last = Math.max(0, rows.length - page)
  const first = Math.min(last, Math.max(Math.min(state.first, at), at - page + 1))
  return { ...state, selected: rows[at]?.id, first }
}

function pressControl(state: TopState, { name }: Key): { state: TopState; action?: TopAction } {
  if (name === 'c') return { state, action: 'quit' }
  if (name === 'l') return { state, action: 'redraw' }
  if (name === 'z') return { state, action: 'suspend' }
  if (name === 'u' && state.isTyping) return { state: { ...state, search: '' } }
  return { state }
}

function moveBy({ name, meta }: Key, page: number): number | undefined {
  if (meta) return undefined
  const moves = { up: -1, down: 1, pageup: -page, pagedown: page, home: -Infinity, end: Infinity }
  return name !== undefined && Object.hasOwn(moves, name) ? moves[name as keyof typeof moves] : undefined
}

function moved({ selected }: TopState, rows: readonly Row[], by: number): string | undefined {
  const at = rows.findIndex(({ id }) => id === selected)
  return rows[Math.min(rows.length - 1, Math.max(0, at + by))]?.id
}

function typed(state: TopState, { name, sequence = '', meta }: Key): TopState {
  switch (name) {
    case 'return':
    case 'enter':
      return { ...state, isTyping: false }
    case 'escape':
      return { ...state, isTyping: false, search: '' }
    case 'backspace':
      return { ...state, search: [...state.search].slice(0, -1).join('') }
  }
  if (meta || !/^[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+$/u.test(sequence)) return state
  return { ...state, search: [...state.search, ...sequence].slice(0, SEARCH_MAX).join('') }
}
