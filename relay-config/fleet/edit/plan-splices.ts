/** Turns operations on the value into changes of the text. */
import type { AST } from 'toml-eslint-parser'
import { type Layout, tablesBelow, valueAt } from './layout.ts'
import type { Item, Operation, Path } from './operations.ts'
import type { Range, Splice } from './splices.ts'
import { inlineText, tableLines } from './write-items.ts'

/** The text has a form that this code cannot change. */
export class OddLayout extends Error {
  override readonly name = 'OddLayout'
}

/** @throws OddLayout */
export function planSplices(layout: Layout, operations: readonly Operation[]): Splice[] {
  const removed = new Map<string, { list: Path; indexes: Set<number> }>()
  const splices = operations.flatMap(operation => {
    if (operation.kind === 'append') return append(layout, operation.list, operation.item)
    if (operation.kind === 'replace') return [replace(layout, operation.at, operation.value)]
    const { list, index } = operation
    const key = JSON.stringify(list)
    removed.set(key, { list, indexes: (removed.get(key)?.indexes ?? new Set()).add(index) })
    return []
  })
  return [...splices, ...[...removed.values()].flatMap(({ list, indexes }) => remove(layout, list, indexes))]
}

function replace(layout: Layout, at: Path, value: string): Splice {
  const node = valueAt(layout, at)
  if (!node) throw new OddLayout(`no value at ${at.join('.')}`)
  return { range: node.range, text: JSON.stringify(value) }
}

function append(layout: Layout, list: Path, item: Item): Splice[] {
  const array = valueAt(layout, list)
  if (array?.type === 'TOMLArray') return appendToArray(layout, array, inlineText(item))
  const parent = valueAt(layout, list.slice(0, -1))
  if (parent?.type === 'TOMLInlineTable') return [appendToInlineTable(parent, String(list.at(-1)), item)]
  const siblings = tablesBelow(layout, list)
  const owner = list.length > 1 ? tablesBelow(layout, list.slice(0, -1)) : []
  return [insertTable(layout, siblings.length > 0 ? siblings : owner, list, item)]
}

function appendToInlineTable(table: AST.TOMLInlineTable, key: string, item: Item): Splice {
  const last = table.body.at(-1)
  if (!last) throw new OddLayout(`${key} would be the only key of { }`)
  return insertion(last.range[1], `, ${key} = ${inlineText([item])}`)
}

/** After the last of `near`; at the end of the text without any. */
function insertTable({ text, comments }: Layout, near: AST.TOMLTable[], list: Path, item: Item): Splice {
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n'
  const at = near.length > 0 ? afterComments(text, near.at(-1)?.range[1] ?? 0, comments) : text.length
  const sibling = near.findLast(table => table.kind === 'array' && table.resolvedKey.length === list.length + 1)
  const indent = sibling ? indentOf(text, sibling.range[0]) : ''
  const lines = tableLines(list, item).map(line => (line === '' ? '' : indent + line))
  const endsLine = at === 0 || text[at - 1] === '\n'
  const isAboveMore = at < text.length && !startsBlank(text, at)
  const all = [...(endsLine ? [] : ['']), ...(at === 0 ? [] : ['']), ...lines, ...(isAboveMore ? [''] : [])]
  return insertion(at, all.map(line => line + lineEnd).join(''))
}

/** The beginning of the next line; or of the line after comment lines that follow at once and do not belong to what is below. */
function afterComments(text: string, from: number, comments: readonly AST.Comment[]): number {
  const next = nextLine(text, from)
  let at = next
  while (
    comments.some(
      ({ range: [start] }) =>
        start >= at && text.slice(at, start).trim() === '' && !text.slice(at, start).includes('\n'),
    )
  ) {
    at = nextLine(text, at)
  }
  return at === text.length || startsBlank(text, at) ? at : next
}

function appendToArray(layout: Layout, array: AST.TOMLArray, added: string): Splice[] {
  const { text } = layout
  const last = array.elements.at(-1)
  if (!last) return [insertion(array.range[0] + 1, added)]
  const comma = commaAfter(layout, array, last)
  const anchor = comma?.[1] ?? last.range[1]
  const lineStop = nextLine(text, anchor)
  const rest = text.slice(anchor, lineStop)
  // The last element has a line of its own only if nothing but a comment follows there.
  if (!/^[ \t]*(#.*)?\r?\n$/.test(rest)) return [insertion(last.range[1], `, ${added}`)]
  const line = `${indentOf(text, last.range[0])}${added}${comma ? ',' : ''}${rest.endsWith('\r\n') ? '\r\n' : '\n'}`
  return [...(comma ? [] : [insertion(last.range[1], ',')]), insertion(lineStop, line)]
}

function remove(layout: Layout, list: Path, indexes: ReadonlySet<number>): Splice[] {
  const array = valueAt(layout, list)
  if (array?.type === 'TOMLArray') return removeFromArray(layout, array, indexes)
  return [...indexes].flatMap(index => {
    const tables = tablesBelow(layout, [...list, index])
    if (tables.length === 0) throw new OddLayout(`nothing at ${list.join('.')}[${index}]`)
    return tables.flatMap(table => [
      deletion(headerOf(layout.text, table)),
      ...table.body.map(entry => deletion(entry.range)),
    ])
  })
}

/** Each with the comma after it; the new last element keeps one only if the last one had one. */
function removeFromArray(layout: Layout, array: AST.TOMLArray, indexes: ReadonlySet<number>): Splice[] {
  const { text } = layout
  const splices = [...indexes].flatMap(index => {
    const element = array.elements[index]
    if (!element) throw new OddLayout('the list has fewer elements in the text')
    const comma = commaAfter(layout, array, element)
    return [deletion(element.range), ...(comma ? [deletion([comma[0], spacesEnd(text, comma[1])])] : [])]
  })
  const last = array.elements.at(-1)
  const lastKept = array.elements.findLast((_, index) => !indexes.has(index))
  const comma = lastKept && commaAfter(layout, array, lastKept)
  if (comma && last && !commaAfter(layout, array, last)) {
    splices.push(deletion([comma[0], spacesEnd(text, comma[1])]))
  }
  return splices
}

function commaAfter({ tokens }: Layout, array: AST.TOMLArray, element: AST.TOMLContentNode): Range | undefined {
  const next = tokens.find(({ range }) => range[0] >= element.range[1])
  return next && next.value === ',' && next.range[1] < array.range[1] ? next.range : undefined
}

function headerOf(text: string, table: AST.TOMLTable): Range {
  const close = table.kind === 'array' ? ']]' : ']'
  return [table.range[0], text.indexOf(close, table.key.range[1]) + close.length]
}

/** The end of spaces that something else follows on the same line. */
function spacesEnd(text: string, from: number): number {
  const spaces = /^[ \t]*(?=[^\s#])/.exec(text.slice(from))?.[0] ?? ''
  return from + spaces.length
}

function indentOf(text: string, at: number): string {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at)
  return /^[ \t]*/.exec(line)?.[0] ?? ''
}

function nextLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from)
  return newline < 0 ? text.length : newline + 1
}

function startsBlank(text: string, at: number): boolean {
  return /^[ \t]*\r?\n/.test(text.slice(at))
}

function deletion(range: Range): Splice {
  return { range, text: '' }
}

function insertion(at: number, text: string): Splice {
  return { range: [at, at], text }
}
