/** The name that somebody meant; pure. */

/** @returns undefined where none is near */
export function nearest(typed: string, names: readonly string[]): string | undefined {
  const known = names.map(name => ({ name, edits: editsBetween(typed, name) }))
  const best = known.toSorted((one, other) => one.edits - other.edits)[0]
  // Of a short name, two letters are half.
  const most = typed.length > 4 ? 2 : 1
  return best && best.edits <= most ? best.name : undefined
}

/** Letters to add, remove, replace or swap with the next (optimal string alignment). */
function editsBetween(one: string, other: string): number {
  const rows = [Array.from({ length: other.length + 1 }, (_, column) => column)]
  const at = (row: number, column: number) => rows[row]?.[column] ?? Number.POSITIVE_INFINITY
  for (let row = 1; row <= one.length; row++) {
    const line = [row]
    rows.push(line)
    for (let column = 1; column <= other.length; column++) {
      const isSame = one[row - 1] === other[column - 1]
      const isSwap = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      line[column] = Math.min(
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + (isSame ? 0 : 1),
        isSwap ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
      )
    }
  }
  return at(one.length, other.length)
}
