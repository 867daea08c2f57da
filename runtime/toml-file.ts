/** TOML text through a zod schema: keys in snake_case outside and camelCase inside, errors with their line. */
import { parse, stringify, TomlError } from 'smol-toml'
import { type AST, parseTOML } from 'toml-eslint-parser'
import type * as z from 'zod'
import { ConfigurationError, type ConfigurationIssue } from './errors.ts'

type Path = readonly PropertyKey[]

/**
 * Reads one TOML text. A byte order mark and CRLF line ends (Windows Notepad) are accepted.
 * @param file the name to use in messages
 * @throws ConfigurationError with everything that is wrong, each with its line
 */
export function parseToml<T extends z.ZodType>(file: string, text: string, schema: T): z.output<T> {
  const clean = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
  const result = schema.safeParse(mapKeys(parseSyntax(file, clean), camelCase))
  if (result.success) return result.data
  const located = result.error.issues.flatMap(expandIssue).map(({ path, message }): ConfigurationIssue => {
    const outside = path.map(step => (typeof step === 'string' ? snakeCase(step) : step))
    return { line: lineOf(clean, outside), key: describePath(outside), message }
  })
  throw new ConfigurationError(file, located)
}

/** Writes a value as TOML, with keys in snake_case. */
export function stringifyToml(value: object): string {
  return stringify(mapKeys(value, snakeCase))
}

/** The 1-based line of a key, or of its nearest ancestor that stands in the text; undefined if none does. */
export function lineOf(text: string, path: Path): number | undefined {
  let best: { depth: number; line: number } | undefined
  for (const { at, line } of keyLines(text)) {
    const depth = commonDepth(at, path)
    // The key itself, one of its ancestors, or (for a table that only its own keys open) its first child.
    if (depth > 0 && depth > (best?.depth ?? 0)) best = { depth, line }
  }
  return best?.line
}

function parseSyntax(file: string, text: string): unknown {
  try {
    return parse(text)
  } catch (err) {
    if (!(err instanceof TomlError)) throw err
    const message = err.message.split('\n')[0]?.replace('Invalid TOML document: ', '') ?? 'is not TOML'
    throw new ConfigurationError(file, [{ line: err.line, key: '', message: `is not valid TOML: ${message}` }])
  }
}

/** zod reports all unknown keys of an object as one issue; people want each at its own line. */
function expandIssue(issue: z.core.$ZodIssue): { path: Path; message: string }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => ({ path: [...issue.path, key], message: 'is not a setting here; check its spelling' }))
  }
  if (issue.code === 'invalid_type' && issue.input === undefined && /received undefined/.test(issue.message)) {
    return [{ path: issue.path, message: `is missing (${issue.expected})` }]
  }
  return [{ path: issue.path, message: issue.message }]
}

function* keyLines(text: string): Generator<{ at: Path; line: number }> {
  const [top] = parseTOML(text).body
  for (const node of top.body) {
    if (node.type === 'TOMLTable') {
      yield { at: node.resolvedKey, line: node.loc.start.line }
      for (const entry of node.body) yield* entryLines(entry, node.resolvedKey)
    } else {
      yield* entryLines(node, [])
    }
  }
}

function* entryLines(entry: AST.TOMLKeyValue, parent: Path): Generator<{ at: Path; line: number }> {
  const names = entry.key.keys.map(key => (key.type === 'TOMLBare' ? key.name : key.value))
  const at = [...parent, ...names]
  yield { at, line: entry.loc.start.line }
  yield* valueLines(entry.value, at)
}

function* valueLines(value: AST.TOMLContentNode, at: Path): Generator<{ at: Path; line: number }> {
  if (value.type === 'TOMLInlineTable') {
    for (const entry of value.body) yield* entryLines(entry, at)
  } else if (value.type === 'TOMLArray') {
    for (const [index, element] of value.elements.entries()) {
      yield { at: [...at, index], line: element.loc.start.line }
      yield* valueLines(element, [...at, index])
    }
  }
}

function commonDepth(a: Path, b: Path): number {
  let depth = 0
  while (depth < a.length && depth < b.length && a[depth] === b[depth]) depth++
  return depth
}

function describePath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step + 1}]`
    return text === '' ? String(step) : `${text}.${String(step)}`
  }, '')
}

function mapKeys(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map(item => mapKeys(item, rename))
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [rename(key), mapKeys(item, rename)]))
}

function camelCase(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** A key as it stands in a file. */
export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
}
