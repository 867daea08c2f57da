/** Where a TOML text has the parts of its value. */
import { type AST, parseTOML } from 'toml-eslint-parser'
import type { Path } from './operations.ts'

export interface Layout {
  text: string
  /** `# …`, in the order of the text. */
  comments: AST.Comment[]
  /** `[x]` and `[[x]]` with what follows each, in the order of the text. */
  tables: AST.TOMLTable[]
  top: AST.TOMLTopLevelTable
  tokens: AST.Token[]
}

/** @throws ParseError of toml-eslint-parser */
export function layoutOf(text: string): Layout {
  const program = parseTOML(text)
  const [top] = program.body
  return {
    text,
    comments: program.comments,
    tokens: program.tokens,
    top,
    tables: top.body.filter(node => node.type === 'TOMLTable'),
  }
}

/** The tables that make up what is at `path`: its own headers and those below it. */
export function tablesBelow({ tables }: Layout, path: Path): AST.TOMLTable[] {
  return tables.filter(table => startsWith(table.resolvedKey, path))
}

/** The value at `path`, if the text has it as one: after a `=`, or within such a value. */
export function valueAt(layout: Layout, path: Path): AST.TOMLContentNode | undefined {
  for (const node of layout.top.body) {
    const entries = node.type === 'TOMLTable' ? node.body : [node]
    const base = node.type === 'TOMLTable' ? node.resolvedKey : []
    if (!startsWith(path, base)) continue
    const found = within(entries, path.slice(base.length))
    if (found) return found
  }
  return undefined
}

function within(entries: readonly AST.TOMLKeyValue[], path: Path): AST.TOMLContentNode | undefined {
  for (const entry of entries) {
    const names = entry.key.keys.map(key => (key.type === 'TOMLBare' ? key.name : key.value))
    if (!startsWith(path, names)) continue
    const found = inside(entry.value, path.slice(names.length))
    if (found) return found
  }
  return undefined
}

function inside(node: AST.TOMLContentNode, path: Path): AST.TOMLContentNode | undefined {
  const [step, ...rest] = path
  if (step === undefined) return node
  if (node.type === 'TOMLInlineTable') return within(node.body, path)
  if (node.type !== 'TOMLArray' || typeof step !== 'number') return undefined
  const element = node.elements[step]
  return element && inside(element, rest)
}

function startsWith(path: readonly PropertyKey[], start: readonly PropertyKey[]): boolean {
  return start.length <= path.length && start.every((step, index) => path[index] === step)
}
