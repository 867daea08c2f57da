/** TOML text through a zod schema: keys in snake_case outside and camelCase inside, errors with their line. */
import { parse, stringify, TomlError } from 'smol-toml'
import { type AST, parseTOML } from 'toml-eslint-parser'
import type * as z from 'zod'
import './zod-messages.ts'
import { ConfigurationError, type ConfigurationIssue } from '../runtime/errors.ts'
import { escapeOdd, oddCharacters } from '../runtime/odd-characters.ts'
import { camelCase, snakeCase } from './key-case.ts'
import { adviceOnEscapes, adviceOnSyntax } from './toml-advice.ts'

export type Path = readonly PropertyKey[]

/**
 * Reads one TOML text. A byte order mark and CRLF line ends (Windows Notepad) are accepted.
 * @param file the name to use in messages
 * @throws ConfigurationError with everything that is wrong, each with its line
 */
export function parseToml<T extends z.ZodType>(file: string, text: string, schema: T): z.output<T> {
  const clean = plainText(text)
  const checked = checkValue(readToml(file, clean), schema)
  if ('data' in checked) return checked.data
  throw new ConfigurationError(
    file,
    checked.problems.map(problem => locate(clean, problem)),
  )
}

/** A problem with its line of the text, and the line of the setting with which it collides. */
export function locate(text: string, { path, message, also }: Problem): ConfigurationIssue {
  const line = lineOf(text, path)
  const other = also === undefined ? undefined : lineOf(text, also)
  const advice = line === undefined ? undefined : adviceOnEscapes(text.split('\n')[line - 1] ?? '')
  const parts = [
    other === undefined ? message : `${message} (line ${other})`,
    ...(advice === undefined ? [] : [advice]),
  ]
  return { line, key: describePath(path), message: parts.join('; ') }
}

/**
 * A TOML text without checks, its keys in camelCase, for callers that merge several before they check them.
 * @throws ConfigurationError when it is not TOML, or has characters that look like others
 */
export function readToml(file: string, text: string): Record<string, unknown> {
  const value = tomlValue(file, text)
  const odd = oddIssues(plainText(text))
  if (odd.length > 0) throw new ConfigurationError(file, odd)
  return value
}

/**
 * The value of a text, whatever its characters look like: for callers that compare texts.
 * @throws ConfigurationError when it is not TOML
 */
export function tomlValue(file: string, text: string): Record<string, unknown> {
  return mapKeys(parseSyntax(file, plainText(text)), camelCase) as Record<string, unknown>
}

/** An error and its place: a path as the file spells it. */
export interface Problem {
  path: Path
  message: string
  /** The other setting with which it collides. */
  also?: Path | undefined
}

/** Checks a value from {@link readToml} against a schema. */
export function checkValue<T extends z.ZodType>(
  value: unknown,
  schema: T,
): { data: z.output<T> } | { problems: Problem[] } {
  const result = schema.safeParse(value)
  if (result.success) return { data: result.data }
  const spelled = (path: Path) => path.map(step => (typeof step === 'string' ? snakeCase(step) : step))
  const problems = result.error.issues.flatMap(expandIssue).map(({ path, message, also }) => ({
    path: spelled(path),
    message,
    ...(also && { also: spelled(also) }),
  }))
  return { problems }
}

function plainText(text: string): string {
  return text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
}

/** Writes a value as TOML, with keys in snake_case. */
export function stringifyToml(value: object): string {
  return escapeOdd(stringify(mapKeys(value, snakeCase)))
}

/** The 1-based line of a key, or of its nearest ancestor in the text; undefined if there is none. */
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
    const advice = adviceOnSyntax(text.split('\n')[err.line - 1] ?? '')
    throw new ConfigurationError(file, [
      { line: err.line, key: '', message: advice ?? `is not valid TOML: ${message}` },
    ])
  }
}

/** Nobody types more of them, and nobody reads more messages. */
const ODD_SHOWN = 20

/** Characters outside comments that are invisible or look like others. People who mean one write it as an escape. */
function oddIssues(text: string): ConfigurationIssue[] {
  const found = oddCharacters(text)
  if (found.length === 0) return []
  const { comments } = parseTOML(text)
  const keys = [...keyLines(text)]
  return found
    .filter(({ index }) => !comments.some(({ range }) => index >= range[0] && index < range[1]))
    .slice(0, ODD_SHOWN)
    .map(({ index, name, escaped }) => {
      const before = text.slice(0, index).split('\n')
      const at = [...(before.at(-1) ?? '')].length + 1
      const key = keys.findLast(({ line }) => line <= before.length)?.at ?? []
      const message = `character ${at} of the line is ${name}: type it again, or write ${escaped} in "…" if you mean it`
      return { line: before.length, key: describePath(key), message }
    })
}

/** zod reports all unknown keys of an object as one issue; people need each with its line. */
function expandIssue(issue: z.core.$ZodIssue): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => ({ path: [...issue.path, key], message: 'is not a setting here; check its spelling' }))
  }
  const also = issue.code === 'custom' ? (issue.params?.also as Path | undefined) : undefined
  return [{ path: issue.path, message: issue.message, also }]
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

/** `relays[1].host_keys[2]`: people count from 1. */
export function describePath(path: Path): string {
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
