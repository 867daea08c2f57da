/** Keeps the example of a file complete: every setting of its schema is in it, with what the schema says about it; pure. */
import type * as z from 'zod'
import { wrap } from '../cli/layout.ts'
import { choicesOf, type Setting, type SettingsTable, tablesOf, takes, whenLeftOut } from '../formats/settings.ts'
import { stringifyToml } from '../formats/toml-file.ts'

/** Where a comment beside a setting begins, and where lines end. */
const [COLUMN, WIDTH] = [32, 120]

/** A setting with its value, which may be commented out, without the comment beside it. */
const SETTING = /^((?:# )?([a-z_]+) = (?:"""|(?:[^"'#]|"(?:[^"\\]|\\.)*"|'[^']*')*?))\s*(?:#.*)?$/

/**
 * Values stay as they are, and so do comments above headers. A setting has its comment where it is first; one that is missing
 * is added to the first table of its kind.
 */
export function annotateExample(text: string, schema: z.ZodType): string {
  const tables = tablesOf(schema)
  const described = new Set<Setting>()
  const blocks = text.split(/^(?=\[)/m).map(block => {
    const path = /^\[+([a-z_.]+)\]/.exec(block)?.[1] ?? ''
    const found = tables.find(table => table.path === path)
    const table = tables.find(table => table.path === (found?.sameAs ?? path))
    if (table === undefined) throw new Error(`[${path}] is not a table of this file`)
    return { table, lines: annotate(block.split('\n'), table, described) }
  })
  for (const table of tables) {
    const missing = table.sameAs === undefined ? table.settings.filter(setting => !described.has(setting)) : []
    const lines = blocks.find(block => block.table === table)?.lines
    if (missing.length > 0 && lines === undefined) throw new Error(`no example of [${table.path}]`)
    lines?.splice(lines.findLastIndex(isSettingsEnd) + 1, 0, ...missing.flatMap(setting => added(setting, table)))
  }
  return blocks.map(({ lines }) => lines.join('\n')).join('')
}

function annotate(lines: readonly string[], { settings }: SettingsTable, described: Set<Setting>): string[] {
  const out: string[] = []
  for (let at = 0; at < lines.length; at++) {
    const [, given = '', name] = SETTING.exec(lines[at] ?? '') ?? []
    const setting = settings.find(one => one.name === name)
    const last = lastLine(lines, at)
    if (setting === undefined || described.has(setting)) out.push(...lines.slice(at, last + 1))
    else {
      described.add(setting)
      while (out.at(-1)?.startsWith('# ') && !SETTING.test(out.at(-1) ?? '')) out.pop()
      out.push(...commented([given, ...lines.slice(at + 1, last + 1)], setting))
    }
    at = last
  }
  return out
}

/** Beyond the last setting of a table there are only blank lines and comments about the next. */
function isSettingsEnd(line: string): boolean {
  return SETTING.test(line) || !/^(#|$)/.test(line)
}

/** Of the value that begins at a line. */
function lastLine(lines: readonly string[], at: number): number {
  const line = lines[at] ?? ''
  const close = /= """/.test(line) ? '"""' : /= \[\s*(#.*)?$/.test(line) ? ']' : undefined
  const length = close === undefined ? 0 : lines.slice(at + 1).findIndex(line => line.startsWith(close)) + 1
  return at + length
}

function commented([line = '', ...more]: string[], setting: Setting): string[] {
  const kind = choicesOf(setting).length < 2 ? setting.unit : takes(setting)
  const facts = [kind, setting.isRequired ? 'required' : whenLeftOut(setting)].filter(fact => fact !== undefined)
  const phrase = (setting.description ?? '').replaceAll('`', '"')
  const comment = `# ${phrase}${facts.length === 0 ? '' : ` (${facts.join('; ')})`}`
  const beside = `${line.padEnd(COLUMN - 1)} ${comment}`
  return more.length === 0 && beside.length <= WIDTH
    ? [beside]
    : [...wrap(comment.slice(2), WIDTH - 2).map(text => `# ${text}`), line, ...more]
}

function added(setting: Setting, { path }: SettingsTable): string[] {
  const { key, name, default: value, example } = setting
  if (value === undefined && example === undefined) throw new Error(`${path}.${name} needs a default or an example`)
  const line = stringifyToml({ [key]: value ?? example }).trimEnd()
  return commented([value === undefined ? `# ${line}` : line], setting)
}
