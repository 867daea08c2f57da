/**
 * The keys after the escape key: the one table. The help, docs/console.md and the messages that name a key come from it;
 * what each command does is in escape-effects.ts.
 */

/** Groups of the help, in its order. */
export const ESCAPE_GROUPS = {
  keyboard: 'Keyboard',
  people: 'People',
  line: 'Line',
  paste: 'Paste and transfer',
  session: 'Session',
} as const

export interface EscapeEntry {
  /** One character; a letter is meant in both cases. */
  key: string
  command: string
  group: keyof typeof ESCAPE_GROUPS
  /** One line, at most 30 characters: the help has two columns on 80. */
  help: string
  /** `operator`: who may type. `admin`: an operator who may become root on the device. */
  who: 'anyone' | 'operator' | 'admin'
  /** Not for a login at the relay (way 2). */
  ownKey?: true
}

export const ESCAPE_MENU = [
  { key: 'w', command: 'take-over', group: 'keyboard', help: 'take over typing', who: 'operator' },
  { key: 'v', command: 'give-up', group: 'keyboard', help: 'stop typing, only watch', who: 'operator' },
  { key: 'u', command: 'who', group: 'people', help: 'who is here', who: 'anyone' },
  { key: 'm', command: 'message', group: 'people', help: 'message to the others', who: 'anyone' },
  { key: 'n', command: 'note', group: 'people', help: 'note for all who come', who: 'operator' },
  { key: 'k', command: 'kick', group: 'people', help: "end another's session", who: 'admin', ownKey: true },
  { key: 'b', command: 'break', group: 'line', help: 'send a BREAK', who: 'operator' },
  { key: 'q', command: 'sequence', group: 'line', help: 'SysRq, or BREAK of Sun', who: 'operator' },
  { key: 's', command: 'set', group: 'line', help: 'speed, framing, DTR, RTS', who: 'operator' },
  { key: 'a', command: 'autobaud', group: 'line', help: 'find the speed by listening', who: 'operator' },
  { key: 'c', command: 'release', group: 'line', help: 'release flow control', who: 'operator' },
  { key: 'o', command: 'power', group: 'line', help: 'power of the target', who: 'operator', ownKey: true },
  { key: 't', command: 'transfer', group: 'paste', help: 'send or receive a file', who: 'operator', ownKey: true },
  { key: 'x', command: 'stop-paste', group: 'paste', help: 'stop a paste or a transfer', who: 'operator' },
  { key: 'p', command: 'pacing', group: 'paste', help: 'pace what you paste', who: 'operator' },
  { key: 'r', command: 'raw', group: 'paste', help: 'raw: for XMODEM of your client', who: 'operator' },
  { key: 'l', command: 'log', group: 'session', help: 'show last lines with times', who: 'anyone' },
  { key: 'e', command: 'alerts', group: 'session', help: 'show what its alerts found', who: 'anyone' },
  { key: '?', command: 'help', group: 'session', help: 'show this help', who: 'anyone' },
  { key: 'd', command: 'disconnect', group: 'session', help: 'disconnect', who: 'anyone' },
  { key: '.', command: 'disconnect', group: 'session', help: 'disconnect', who: 'anyone' },
] as const satisfies readonly EscapeEntry[]

export type EscapeCommand = (typeof ESCAPE_MENU)[number]['command']

const ENTRIES: readonly (EscapeEntry & { command: EscapeCommand })[] = ESCAPE_MENU

/** @param key one character as typed */
export function escapeCommandOf(key: string): EscapeCommand | undefined {
  return ENTRIES.find(entry => entry.key === key.toLowerCase())?.command
}

/** The first key of a command, as messages name it. */
export function escapeKeyOf(command: EscapeCommand): string {
  return ENTRIES.find(entry => entry.command === command)?.key ?? ''
}

export type EscapeRow = EscapeEntry & { command: EscapeCommand; keys: string[] }

/** One row for each command, with all its keys, in the order of the groups. */
export function escapeRows(): EscapeRow[] {
  const keysOf = (command: string) => ENTRIES.filter(entry => entry.command === command).map(({ key }) => key)
  const first = ENTRIES.filter((entry, at) => ENTRIES.findIndex(({ command }) => command === entry.command) === at)
  return Object.keys(ESCAPE_GROUPS).flatMap(group =>
    first.filter(entry => entry.group === group).map(entry => ({ ...entry, keys: keysOf(entry.command) })),
  )
}

/** `ctrl-]` → 0x1d: Ctrl clears all but the low five bits of a key (ASCII). */
export function escapeByteOf(key: string): number {
  return key.toUpperCase().charCodeAt('ctrl-'.length) & 0x1f
}

/** `ctrl-]` → `Ctrl-]`, as people read it. */
export function escapeNameOf(key: string): string {
  return `Ctrl-${key.slice('ctrl-'.length).toUpperCase()}`
}
