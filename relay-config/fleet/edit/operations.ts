/** The three operations on a fleet's value; edit-text.ts makes the text follow. */

/** Where something is, from the top: `['technicians', 0, 'consoles']`. Every key in it is one element, as in the file. */
export type Path = readonly (string | number)[]

/** Paths and indexes are those before the change: all operations of a change happen at once. */
export type Operation =
  | { kind: 'append'; list: Path; item: Item }
  | { kind: 'remove'; list: Path; index: number }
  | { kind: 'replace'; at: Path; value: string }

/** Keys in camelCase, as everywhere in the code. */
export type Item = { [key: string]: ItemValue }
type ItemValue = string | number | boolean | ItemValue[] | Item

/** The value that a fleet file has after the change; `fleet` itself is not changed. */
export function applyOperations(fleet: unknown, operations: readonly Operation[]): unknown {
  const result: unknown = structuredClone(fleet)
  const at = (path: Path) => path.reduce<unknown>((value, step) => (value as Record<string, unknown>)[step], result)
  // Appending and replacing move nothing; the removals then go from the back, the lists within an element before it.
  for (const operation of operations) {
    if (operation.kind === 'append') {
      const parent = at(operation.list.slice(0, -1)) as Record<string, unknown[]>
      const key = String(operation.list.at(-1))
      parent[key] = [...(parent[key] ?? []), structuredClone(operation.item)]
    } else if (operation.kind === 'replace') {
      const parent = at(operation.at.slice(0, -1)) as Record<string | number, unknown>
      parent[operation.at.at(-1) as string | number] = operation.value
    }
  }
  const removals = operations.filter(operation => operation.kind === 'remove')
  for (const { list, index } of removals.toSorted((a, b) => b.list.length - a.list.length || b.index - a.index)) {
    ;(at(list) as unknown[]).splice(index, 1)
  }
  return result
}
