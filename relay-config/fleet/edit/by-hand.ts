/** Describes what to change by hand in a file that this code cannot change faithfully. */
import { lineOf } from '../../../formats/toml-file.ts'
import type { Operation, Path } from './operations.ts'
import { inlineText, tableLines } from './write-items.ts'

/** @param value that of the file: the present values are quoted from it */
export function describeByHand(text: string, value: unknown, operations: readonly Operation[]): string[] {
  const where = (path: Path) => {
    const line = lineIn(text, path)
    return line === undefined ? describe(path) : `line ${line}, ${describe(path)}`
  }
  const at = (path: Path) => path.reduce<unknown>((inner, step) => (inner as Record<string, unknown>)?.[step], value)
  return operations.flatMap(operation => {
    if (operation.kind === 'replace') {
      const { at: path, value: replacement } = operation
      return [`${where(path)}: write ${inlineText(replacement)} instead of ${inlineText(String(at(path)))}`]
    }
    if (operation.kind === 'remove') {
      const path = [...operation.list, operation.index]
      const entry = at(path)
      const name = typeof entry === 'string' ? entry : String((entry as { name?: unknown } | undefined)?.name)
      return [`${where(path)}: remove ${inlineText(name)}`]
    }
    const parent = operation.list.slice(0, -1)
    const place = parent.length === 0 ? 'at the end' : `at the end of ${where(parent)}`
    return [
      `${place}, add:`,
      ...tableLines(operation.list, operation.item).map(line => (line === '' ? '' : `    ${line}`)),
    ]
  })
}

function lineIn(text: string, path: Path): number | undefined {
  try {
    return lineOf(text, path)
  } catch {
    // The text may be one that cannot be read: that is why it must be changed by hand.
    return undefined
  }
}

function describe(path: Path): string {
  return path.map((step, at) => (typeof step === 'number' ? `[${step + 1}]` : at === 0 ? step : `.${step}`)).join('')
}
