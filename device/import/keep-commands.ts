/** Commands of consoles are root's: no file that is brought sets one, and none takes one away. Pure. */
import { commandOf } from '../../formats/line-path.ts'
import type { Problem } from '../../formats/toml-file.ts'
import type { Table } from './merge.ts'

const ROOTS =
  'is a command, which only root may write, into /etc/oobm/device.toml on the device: here it must be "exec:" alone (docs/other-lines.md)'

/**
 * A brought file says `exec:` for a console whose command root has written, or will write: it keeps that command, and what
 * belongs to it.
 * @param before what the device has
 * @param value the same with the brought files merged in
 */
export function keepCommands(before: Table | undefined, value: Table): { value: Table; problems: Problem[] } {
  const problems: Problem[] = []
  const stored = consolesOf(before ?? {}) ?? []
  const consoles = consolesOf(value)?.map((console, at) => {
    const command = commandOf(console.path)
    if (command === undefined) return console
    const own = stored.find(({ name }) => name === console.name)
    const ownCommand = commandOf(own?.path) ?? ''
    if (command !== '' && command !== ownCommand) problems.push({ path: ['consoles', at, 'path'], message: ROOTS })
    if (command !== '' || own === undefined || ownCommand === '') return console
    // An issued file has each setting, with its default where the fleet file says nothing.
    const { execHosts = [], execBreak, ...rest } = console
    const hosts = (execHosts as unknown[]).length > 0 ? execHosts : own.execHosts
    const text = execBreak ?? own.execBreak
    return {
      ...rest,
      path: own.path,
      ...(hosts !== undefined && { execHosts: hosts }),
      ...(text !== undefined && { execBreak: text }),
    }
  })
  return { value: consoles === undefined ? value : { ...value, consoles }, problems }
}

/** Undefined for what is no list of tables: the check of the whole finds it. */
function consolesOf({ consoles }: Table): Table[] | undefined {
  const isTables = Array.isArray(consoles) && consoles.every(one => typeof one === 'object' && one !== null)
  return isTables ? (consoles as Table[]) : undefined
}
