/** Reads what follows `ssh CONSOLE` by the table of exec commands; pure. */
import { nearest } from '../runtime/nearest.ts'
import {
  EXEC_NAMES,
  type ExecArgument,
  type ExecCommand,
  type ExecCommandName,
  type ExecOption,
  entryOf,
  isExecCommand,
  usageOf,
} from './exec-commands.ts'
import { splitLine } from './split-line.ts'

/** Characters of a line: what fits a terminal many times over. */
const LINE_BOUND = 4_096

export type ExecProblem = { problem: string; name?: ExecCommandName }

/** @param names of the commands that exist for the asker */
export function parseExec(line: string, names: readonly ExecCommandName[] = EXEC_NAMES): ExecCommand | ExecProblem {
  if (line.length > LINE_BOUND) return { problem: `the command is longer than ${LINE_BOUND} characters` }
  // Some programs end a command as a line.
  const split = splitLine(line.replace(/\r?\n$/, ''))
  if (typeof split === 'string') return { problem: split }
  const { words, rest } = split
  const named = nameOf(words, names)
  if (typeof named === 'string') return { problem: named }
  const { name, count } = named
  const read = readWords(name, words.slice(count), rest)
  return typeof read === 'string' ? { problem: `${name}: ${read}; usage: ${usageOf(name, true)}`, name } : read
}

/** @returns what is wrong with these values of a command's arguments, or undefined */
export function argumentProblem(name: ExecCommandName, values: readonly string[]): string | undefined {
  const entries = entryOf(name).arguments ?? []
  const last = entries.at(-1)
  const extra = values[entries.length]
  if (extra !== undefined && !last?.isRepeated) return `unexpected argument "${shown(extra)}"`
  for (const [index, entry] of entries.entries()) {
    const value = values[index]
    if (value === undefined && !entry.isOptional) return `missing argument ${entry.value}`
    const each = entry === last ? values.slice(index) : values.slice(index, index + 1)
    const wrong = each.find(value => !takes(entry, value))
    if (wrong !== undefined) return wrongValue(entry.value, wrong, entry)
  }
  return undefined
}

function nameOf(words: string[], names: readonly ExecCommandName[]): { name: ExecCommandName; count: number } | string {
  const [first = '', second = ''] = words
  if (first === '--help') return { name: 'help', count: 1 }
  const isKnown = (name: string): name is ExecCommandName => isExecCommand(name) && names.includes(name)
  if (isKnown(`${first} ${second}`)) return { name: `${first} ${second}` as ExecCommandName, count: 2 }
  if (isKnown(first)) return { name: first, count: 1 }
  const list = `${first} list`
  if (isKnown(list) && (second === '' || second.startsWith('-'))) return { name: list as ExecCommandName, count: 1 }
  const below = names.filter(name => name.startsWith(`${first} `))
  const typed = below.length > 0 ? `${first} ${second}`.trimEnd() : first
  return `unknown command "${shown(typed)}"${meant(nearest(typed, below.length > 0 ? below : names))}`
}

function readWords(name: ExecCommandName, words: string[], rest: string | undefined): ExecCommand | string {
  const entry = entryOf(name)
  const options: Record<string, string | true> = {}
  const values: string[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    if (!/^-./.test(word)) {
      values.push(word)
      continue
    }
    if (word === '--help')
      return { name: 'help', args: { COMMAND: name.split(' ')[0] }, options: {} } as unknown as ExecCommand
    const [, option = '', inline] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? []
    const known = entry.options && Object.hasOwn(entry.options, option) ? entry.options[option] : undefined
    if (known === undefined) {
      const near = nearest(option, Object.keys(entry.options ?? {}))
      return `unknown option "${shown(word.split('=')[0] ?? '')}"${meant(near && `--${near}`)}`
    }
    if (Object.hasOwn(options, option)) return `option --${option} is given twice`
    if (known.value === undefined) {
      if (inline !== undefined) return `option --${option} takes no value`
      options[option] = true
      continue
    }
    // What looks like an option is one, unless `=` says otherwise.
    const value = inline ?? (/^-./.test(words[index + 1] ?? '-x') ? undefined : words[++index])
    if (value === undefined) return `option --${option} needs a value, ${known.value}`
    if (!takes(known, value)) return wrongValue(`--${option}`, value, known)
    options[option] = value
  }
  const problem = argumentProblem(name, values)
  if (problem !== undefined) return problem
  if (rest !== undefined && !entry.rest) return 'nothing may follow "--"'
  const entries = entry.arguments ?? []
  const joined = entries.at(-1)?.isRepeated ? values.splice(entries.length - 1) : []
  if (joined.length > 0) values.push(joined.join(' '))
  const args = Object.fromEntries(values.map((value, index) => [entries[index]?.value, value]))
  if (rest !== undefined && /[\r\n]/.test(rest)) return 'what follows "--" must be one line'
  return { name, args, options, ...(rest !== undefined && { rest }) } as unknown as ExecCommand
}

function takes({ takes }: ExecArgument | ExecOption, value: string): boolean {
  return takes ? takes.test(value) : value !== '' && !/[\x00-\x1f\x7f-\x9f]/.test(value)
}

function wrongValue(what: string, value: string, { like = 'printable text' }: ExecArgument | ExecOption): string {
  return `${what} cannot be "${shown(value)}": it is ${like}`
}

/** It goes to a terminal. */
function shown(text: string): string {
  return text.slice(0, 40).replace(/[\x00-\x1f\x7f-\x9f]/g, '?')
}

function meant(name: string | undefined): string {
  return name === undefined ? '' : ` (did you mean "${name}"?)`
}
