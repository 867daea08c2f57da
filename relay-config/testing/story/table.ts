/** A table of live attempts: what was expected, and what happened. */
import type { Finished } from '../../../testbed/run-program.ts'

interface Row {
  what: string
  expected: string
  /** What was said that shows it; or, beginning with `NO:`, all that was said. */
  got: string
  good: boolean
}

/** Characters of what was said that a row shows. */
const SHOWN = 70

export class LiveTable {
  readonly #rows: Row[] = []

  /** @param shows the output when, and only when, it is allowed */
  async allowed(what: string, answer: Promise<Finished>, shows: RegExp): Promise<void> {
    this.#note(what, 'allowed', await answer, shows)
  }

  /** @param shows the output when, and only when, it is refused for the right reason */
  async refused(what: string, answer: Promise<Finished>, shows: RegExp): Promise<void> {
    this.#note(what, 'refused', await answer, shows)
  }

  get length(): number {
    return this.#rows.length
  }

  /** The rows that came otherwise than expected. */
  wrong(): string[] {
    return this.#rows.filter(({ good }) => !good).map(({ what, expected, got }) => `${what}: ${expected}? ${got}`)
  }

  text(): string {
    const width = Math.max(...this.#rows.map(({ what }) => what.length))
    const lines = this.#rows.map(({ what, expected, got }) => `${what.padEnd(width)}  ${expected}  ${got}`)
    return [`${'case'.padEnd(width)}  expected got`, ...lines, ''].join('\n')
  }

  #note(what: string, expected: 'allowed' | 'refused', { stdout, stderr }: Finished, shows: RegExp): void {
    const said = stdout + stderr
    const shown = shows.exec(said)?.[0]
    const got = shown === undefined ? `NO: ${said}` : `${expected}  ${oneLine(shown).slice(0, SHOWN)}`
    this.#rows.push({ what, expected, got, good: shown !== undefined })
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim() || 'nothing is said'
}
