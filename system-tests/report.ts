/** The result of a system test, in one format: a line for each step as it ends, then a table and a JSON file. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { errorMessage } from '../runtime/errors.ts'

export interface Row {
  result: 'ok' | 'FAIL'
  case: string
  /** Empty where the case is one step. */
  step: string
  seconds: number
  /** What was seen, or why it failed. */
  note: string
}

export class Report {
  readonly rows: Row[] = []
  readonly #print: (line: string) => void

  constructor(print: (line: string) => void) {
    this.#print = print
  }

  /**
   * Runs a step and reports what it returns as seen, or what it throws as the failure.
   * @returns what it threw; undefined when it passed
   */
  async step(caseName: string, step: string, run: () => Promise<string | undefined>): Promise<Error | undefined> {
    const startMs = performance.now()
    const { failure, note } = await run().then(
      (seen = '') => ({ failure: undefined, note: seen }),
      err => ({ failure: err instanceof Error ? err : new Error(String(err)), note: errorMessage(err) }),
    )
    const seconds = Math.round((performance.now() - startMs) / 1000)
    this.add({ result: failure ? 'FAIL' : 'ok', case: caseName, step, seconds, note })
    return failure
  }

  add(row: Row): void {
    this.rows.push(row)
    this.#print(describeRow(row))
  }

  /** A line that is no result. */
  note(text: string): void {
    this.#print(indent(text))
  }

  get failed(): number {
    return this.rows.filter(({ result }) => result === 'FAIL').length
  }

  /** How many steps passed and failed. */
  sum(): string {
    return `${this.rows.length - this.failed} passed, ${this.failed} failed`
  }

  /** Markdown. */
  table(): string {
    const cell = (text: string) => text.split('\n')[0]?.replaceAll('|', '\\|') ?? ''
    const lines = this.rows.map(row =>
      [row.result, cell(row.case), cell(row.step), `${row.seconds} s`, cell(row.note)].join(' | '),
    )
    return ['result | case | step | time | note', '--- | --- | --- | ---: | ---', ...lines]
      .map(line => `| ${line} |\n`)
      .join('')
  }

  /** @returns the table's path, from where the program was started */
  async save(folder: string, name: string): Promise<string> {
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, `${name}.json`), `${JSON.stringify(this.rows, null, 1)}\n`)
    const path = join(folder, `${name}.md`)
    await writeFile(path, this.table())
    return relative('', path)
  }
}

export function describeRow({ result, case: name, step, seconds, note }: Row): string {
  const [first = '', ...more] = note.split('\n')
  const head = [name, step, first].filter(text => text !== '').join(': ')
  return [`${result.padEnd(4)} ${String(seconds).padStart(4)} s  ${head}`, ...more.map(indent)].join('\n')
}

function indent(text: string): string {
  return text.replace(/^/gm, ' '.repeat(13)).trimEnd()
}
