/** The entries of all consoles, bounded; and their file, to which each change is appended; pure. */
import { type Entry, entryLine, parseEntry } from './entry.ts'

/**
 * Entries of each console that are kept: months of people; and beside them a day of a program that comes every few
 * minutes, which must not push people out.
 */
export const ENTRIES_MAX = { people: 200, programs: 200 }
/** Lines of the file for each entry that is kept, beyond which the file is written anew: two are a beginning and an end. */
const LINES_FACTOR = 4

/** It had no terminal, as `run`, a forwarded port and input from a pipe. */
function isProgram({ size }: Entry): boolean {
  return size === undefined
}

export class Entries {
  readonly #consoles = new Map<string, Map<number, Entry>>()
  #lines = 0

  /** @param text of the file: a later line of an entry replaces the earlier one */
  static parse(text: string, consoles: readonly string[]): Entries {
    const entries = new Entries()
    for (const line of text.split('\n')) {
      const entry = parseEntry(line)
      if (entry && consoles.includes(entry.console)) entries.put(entry)
    }
    return entries
  }

  /** Oldest first. */
  of(console: string): Entry[] {
    return [...(this.#consoles.get(console)?.values() ?? [])]
  }

  get all(): Entry[] {
    return [...this.#consoles.keys()].flatMap(console => this.of(console))
  }

  find(console: string, number: number): Entry | undefined {
    return this.#consoles.get(console)?.get(number)
  }

  nextNumber(console: string): number {
    return (this.of(console).at(-1)?.number ?? 0) + 1
  }

  /** Adds an entry, or replaces it. @returns the line for the file; undefined for one that is too old to be kept */
  put(entry: Entry): string | undefined {
    const { console, number } = entry
    const numbered = this.#consoles.get(console) ?? new Map<number, Entry>()
    if (!numbered.has(number) && number < this.nextNumber(console)) return undefined
    this.#consoles.set(console, numbered.set(number, entry))
    const alike = [...numbered.values()].filter(other => isProgram(other) === isProgram(entry))
    const [oldest] = alike
    if (oldest && alike.length > ENTRIES_MAX[isProgram(entry) ? 'programs' : 'people']) numbered.delete(oldest.number)
    this.#lines++
    return entryLine(entry)
  }

  /** The file has grown far beyond what is kept. */
  get isFileLong(): boolean {
    return this.#lines > Math.max(ENTRIES_MAX.people, this.all.length) * LINES_FACTOR
  }

  /** The whole file, as short as it can be. */
  text(): string {
    const { all } = this
    this.#lines = all.length
    return all.map(entryLine).join('')
  }
}
