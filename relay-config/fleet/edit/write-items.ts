/** One entry of the fleet file as TOML: as a table of its own, or within a line. */
import { snakeCase } from '../../../formats/key-case.ts'
import type { Item, Path } from './operations.ts'

type Value = Item[string]

/** `[[devices]]` and what follows it, for an entry of the list at `path`. */
export function tableLines(path: Path, item: Item): string[] {
  const names = path.filter(step => typeof step === 'string')
  const entries = Object.entries(item)
  return [
    `[[${names.join('.')}]]`,
    ...entries.filter(([, value]) => !isItems(value)).map(([key, value]) => `${snakeCase(key)} = ${inlineText(value)}`),
    ...entries.flatMap(([key, value]) =>
      isItems(value) ? value.flatMap(inner => ['', ...tableLines([...names, key], inner)]) : [],
    ),
  ]
}

/** `{ name = "x", port = 1 }` */
export function inlineText(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(inlineText).join(', ')}]`
  // TOML escapes in a string what JSON does, in the same way.
  if (typeof value !== 'object') return JSON.stringify(value)
  return `{ ${Object.entries(value)
    .map(([key, inner]) => `${snakeCase(key)} = ${inlineText(inner)}`)
    .join(', ')} }`
}

function isItems(value: Value): value is Item[] {
  return Array.isArray(value) && value.length > 0 && value.every(inner => typeof inner === 'object')
}
