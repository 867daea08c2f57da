/** The keys with which a session is controlled: our own set, or conserver's; and how messages name them. */
import { CONSERVER_KEYS, conserverKeysOf, conserverRows } from './conserver-keys.ts'
import { ConserverParser } from './conserver-parser.ts'
import {
  type EscapeCommand,
  type EscapeRow,
  escapeByteOf,
  escapeKeyOf,
  escapeNameOf,
  escapeRows,
} from './escape-menu.ts'
import { EscapeParser, type KeyParser } from './escape-parser.ts'

/** As the configuration has it: `key` is `ctrl-]`, and counts for our own set. */
export interface EscapeSetting {
  key: string
  set: 'oobm' | 'conserver'
}

export interface EscapeKeys {
  /** `Ctrl-]`, `^Ec` */
  readonly name: string
  /** How the escape key itself is sent, for the end of the help. */
  readonly footer: string
  /** `Ctrl-] w`, `^Ecf`: what one presses for a command, as messages name it. */
  press(command: EscapeCommand): string
  /** What a terminal sends for it. */
  typed(command: EscapeCommand): string
  /** One row for each command, with its keys in this set. */
  rows(): EscapeRow[]
  /** For one session. */
  parser(): KeyParser
}

export function escapeKeysOf({ key, set }: EscapeSetting): EscapeKeys {
  if (set === 'conserver') {
    return {
      name: '^Ec',
      footer: 'press ^E c, then a key; ^E alone is sent after half a second',
      press: command => `^Ec${conserverKeysOf(command)[0] ?? ''}`,
      typed: command => `\x05c${CONSERVER_KEYS.find(key => key.command === command)?.keys ?? ''}`,
      rows: conserverRows,
      parser: () => new ConserverParser(),
    }
  }
  const name = escapeNameOf(key)
  return {
    name,
    footer: `press ${name}, then a key; ${name} twice sends it`,
    press: command => `${name} ${escapeKeyOf(command)}`,
    typed: command => String.fromCharCode(escapeByteOf(key)) + escapeKeyOf(command),
    rows: escapeRows,
    parser: () => new EscapeParser(escapeByteOf(key)),
  }
}
