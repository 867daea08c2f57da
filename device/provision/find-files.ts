/** Which files of the boot partition are for this board; pure. */

export interface FoundFiles {
  /** In the order of import: a later one has precedence. */
  own: string[]
  /** Of other boards, by their serial numbers. */
  foreign: string[]
  /** Imported by an earlier run that could not remove them. */
  taken: string[]
  /** Files with a similar name, such as `oobm (1).toml` of a browser. */
  lookalikes: string[]
}

/** The name of an imported file until its bytes are overwritten. */
export const TAKEN_PREFIX = 'oobm-taken.'

/** @param serial the board's serial number; undefined when it has none */
export function findFiles(names: readonly string[], serial: string | undefined): FoundFiles {
  const found: FoundFiles = { own: [], foreign: [], taken: [], lookalikes: [] }
  const common: string[] = []
  for (const name of [...names].sort()) {
    const lower = name.toLowerCase()
    const [, of] = /^oobm-([0-9a-z]+)\.toml(\.txt)?$/.exec(lower) ?? []
    if (lower.startsWith(TAKEN_PREFIX)) found.taken.push(name)
    else if (/^oobm\.toml(\.txt)?$/.test(lower)) common.push(name)
    else if (of !== undefined && serial !== undefined && bare(of) === bare(serial)) found.own.push(name)
    else if (of !== undefined) found.foreign.push(name)
    // `._name` is a Mac's, and holds no text.
    else if (/oobm.*\.toml/.test(lower) && !lower.startsWith('._')) found.lookalikes.push(name)
  }
  found.own.unshift(...common)
  return found
}

/**
 * The names of settings documents for this device, in the order in which they are taken: `oobm.settings`, or as the
 * operator's program calls it, or with the serial number of the board.
 */
export function findDocuments(
  names: readonly string[],
  serial: string | undefined,
  device: string | undefined,
): string[] {
  return [...names].sort().filter(name => {
    const lower = name.toLowerCase()
    const [, stem] = /^([a-z0-9][a-z0-9._-]{0,63})\.settings(\.txt)?$/.exec(lower) ?? []
    if (stem === undefined) return false
    const [, of] = /^oobm-([0-9a-z]+)$/.exec(stem) ?? []
    const isBoard = of !== undefined && serial !== undefined && bare(of) === bare(serial)
    return stem === 'oobm' || stem === device?.toLowerCase() || isBoard
  })
}

/** People leave leading zeros out. */
function bare(serial: string): string {
  return serial.toLowerCase().replace(/^0+/, '')
}
