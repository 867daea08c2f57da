/**
 * The alternative set of keys: those that a conserver user presses after `^Ec` (console(1) of conserver 8.2.7, "Escape
 * sequences"). Upper and lower case differ. A command that conserver does not have is on the capital letter of our own key.
 */
import { ESCAPE_MENU, type EscapeCommand, type EscapeRow, escapeRows } from './escape-menu.ts'

interface ConserverKey {
  /** What follows `^Ec`. */
  keys: string
  command: EscapeCommand
  /** What the command would ask for, or does otherwise. */
  choice?: string
  /** What conserver calls it; ours only where undefined. */
  theirs?: string
}

/** Lines of output that `^Ecr` and `^Ecp` show by default. */
const REPLAYED = { r: '20', p: '60', '\x12': '1' }

const KEYS: readonly ConserverKey[] = [
  { keys: '.', command: 'disconnect', theirs: 'disconnect' },
  { keys: 'f', command: 'take-over', theirs: 'forcibly attach read-write' },
  { keys: 'a', command: 'take-over', choice: 'free', theirs: 'attach read-write if nobody already is' },
  { keys: 's', command: 'give-up', theirs: 'switch to spy mode' },
  { keys: 'w', command: 'who', theirs: 'who is using this console' },
  { keys: 'u', command: 'who', theirs: 'show status of users' },
  { keys: 'b', command: 'message', theirs: 'send broadcast message' },
  { keys: 'l0', command: 'break', theirs: 'send the break sequence of this console' },
  { keys: 'l?', command: 'sequence', theirs: 'list the break sequences available' },
  { keys: 'c', command: 'release', theirs: 'toggle flow control' },
  { keys: 'r', command: 'log', choice: REPLAYED.r, theirs: 'replay the last 20 lines' },
  { keys: 'p', command: 'log', choice: REPLAYED.p, theirs: 'playback the last 60 lines' },
  { keys: '\x12', command: 'log', choice: REPLAYED['\x12'], theirs: 'replay the last line only' },
  { keys: '?', command: 'help', theirs: 'display list of commands' },
  // Their P and R ask for a number of lines: no key for what changes a paste, or passes everything on.
  { keys: 'D', command: 'pacing' },
  { keys: 'B', command: 'raw' },
]

/** With the commands that have none of conserver's keys. */
export const CONSERVER_KEYS: readonly ConserverKey[] = [
  ...KEYS,
  ...ESCAPE_MENU.filter(({ command }) => !KEYS.some(key => key.command === command)).map(({ key, command }) => ({
    keys: key.toUpperCase(),
    command,
  })),
]

/** `^R` for Ctrl-R, and the like. */
export function shownKeys(keys: string): string {
  return keys.replace(/[\x00-\x1f]/g, control => `^${String.fromCharCode(control.charCodeAt(0) | 0x40)}`)
}

/** @returns the keys after `^Ec`, as messages name them */
export function conserverKeysOf(command: EscapeCommand): string[] {
  return CONSERVER_KEYS.filter(key => key.command === command).map(({ keys }) => shownKeys(keys))
}

/** One row for each command; of several keys, the first two that can be read. */
export function conserverRows(): EscapeRow[] {
  return escapeRows().map(row => ({ ...row, keys: conserverKeysOf(row.command).slice(0, 2) }))
}
