/** The help of the escape key: what this person may do, in two columns on 80, with the console at its top. */
import { labelText } from '../../formats/console-label.ts'
import type { Console } from '../console/console.ts'
import { calledAs } from '../console/person.ts'
import type { Seat } from '../console/seat.ts'
import type { EscapeKeys } from './escape-keys.ts'
import { ESCAPE_GROUPS, type EscapeEntry } from './escape-menu.ts'

/** Characters of a line of the bridge, without `[oobm: ` and `]`, so that it fits on 80. */
const WIDTH = 71
const COLUMN = 35
const KEY_WIDTH = 4

type User = Pick<Seat, 'mayType' | 'isAdmin' | 'via'>

/** Whether the menu shows this command to them. */
export function mayUse({ who, ownKey }: EscapeEntry, { mayType, isAdmin, via }: User): boolean {
  if (ownKey && via === 'relay') return false
  if (who === 'admin') return mayType && isAdmin === true
  return who === 'anyone' || mayType
}

export function escapeHelp(console: Console, seat: Seat, keys: EscapeKeys): string[] {
  return [...head(console, seat), ...columns(blocks(seat, keys)).map(line => line.padEnd(WIDTH))]
}

/** The console, and what it is called where it has a label. */
function head(console: Console, seat: Seat): string[] {
  const { name, writer } = console
  const does = console.keyboard.transfer ? 'transfers a file' : 'types'
  const types = writer === seat ? 'you type' : writer ? `${calledAs(writer)} ${does}` : 'nobody types'
  const open = console.state.open ? 'open' : 'closed'
  const label = labelText(console.config.label)
  const state = `${name}  ${console.control.shown}  ${open}  ${types}`
  return [state, ...(label === undefined ? [] : [label])].map(fitted)
}

/** Cut or filled to the width. */
function fitted(text: string): string {
  let shown = ''
  for (const character of text) {
    if (cellsOf(shown + character) > WIDTH) break
    shown += character
  }
  return shown + ' '.repeat(WIDTH - cellsOf(shown))
}

/** At most: Chinese, Japanese, Korean and what comes after them take two cells of a terminal (Unicode TR 11). */
function cellsOf(text: string): number {
  return [...text].reduce((cells, character) => cells + ((character.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1), 0)
}

/** The lines of each group: its name, then its commands. */
function blocks(user: User, keys: EscapeKeys): string[][] {
  const rows = keys.rows().filter(row => mayUse(row, user))
  const found = Object.entries(ESCAPE_GROUPS).map(([group, title]) => {
    const lines = rows
      .filter(row => row.group === group)
      .map(row => `${row.keys.join(' ').padStart(KEY_WIDTH)}  ${row.help}`)
    return lines.length === 0 ? [] : [title, ...lines]
  })
  found.push([keys.footer])
  return found.filter(lines => lines.length > 0)
}

/** Fills the left column, and once it is half of all, the right one. */
function columns(groups: readonly string[][]): string[] {
  const last = groups.at(-1) ?? []
  const half = groups.slice(0, -1).reduce((sum, lines) => sum + lines.length, 0) / 2
  const left: string[] = []
  const right: string[] = []
  for (const lines of groups.slice(0, -1)) (left.length < half && right.length === 0 ? left : right).push(...lines)
  const height = Math.max(left.length, right.length)
  const rows = Array.from({ length: height }, (_, at) => (left[at] ?? '').padEnd(COLUMN) + (right[at] ?? ''))
  return [...rows, ...last]
}
