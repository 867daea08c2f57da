/** Text for a terminal: wrapped lines, and columns that are aligned; pure. */
import { stripVTControlCharacters } from 'node:util'

/** Columns of the first of two, above which the second begins on the next line. */
const LABEL_MAX = 26

export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const part of text.split(/\s+/)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + part.length < width) lines[lines.length - 1] = `${last} ${part}`
    else lines.push(part)
  }
  return lines
}

/** Each column as wide as its widest cell; colours in a cell take no room. */
export function alignColumns(rows: readonly (readonly string[])[], gap = '  '): string[] {
  const widthOf = (cell: string) => stripVTControlCharacters(cell).length
  const widths: number[] = []
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(cell))
  return rows.map(row =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
      .join(gap)
      .trimEnd(),
  )
}

/** Labels, indented, and beside each its text. */
export function describeTerms(terms: readonly (readonly [label: string, text: string])[], width: number): string[] {
  const size = Math.max(0, ...terms.map(([label]) => label.length).filter(length => length <= LABEL_MAX))
  const indent = ' '.repeat(size + 4)
  return terms.flatMap(([label, text]) => {
    const lines = wrap(text, width - indent.length).map(line => `${indent}${line}`)
    if (label.length > size) return [`  ${label}`, ...lines]
    return [`  ${label.padEnd(size)}  ${lines[0]?.trimStart() ?? ''}`.trimEnd(), ...lines.slice(1)]
  })
}
