/** What an image test checked: a line at once for each check, so that somebody can watch, and a table at the end. */

export interface Row {
  check: string
  /** What was seen: a figure, a state, or what went wrong. */
  seen: string
  passed: boolean
}

/** The rest of a story cannot be told: its last check says why. */
export class StoryEnded extends Error {}

export class Report {
  readonly rows: Row[] = []
  private readonly print: (line: string) => void

  constructor(print: (line: string) => void) {
    this.print = print
  }

  /** Runs a check. What it returns is what was seen; what it throws has failed, and the checks after it go on. */
  async check(check: string, run: () => Promise<string>): Promise<boolean> {
    const startMs = performance.now()
    const row = await run().then(
      seen => ({ check, seen, passed: true }),
      err => ({ check, seen: err instanceof Error ? err.message : String(err), passed: false }),
    )
    this.rows.push(row)
    const seconds = Math.round((performance.now() - startMs) / 1000)
    this.print(`${row.passed ? 'ok  ' : 'FAIL'} ${check}: ${row.seen} (${seconds} s)`)
    return row.passed
  }

  /** A check without which there is nothing more to see. */
  async essential(check: string, run: () => Promise<string>): Promise<void> {
    if (!(await this.check(check, run))) throw new StoryEnded(check)
  }

  note(line: string): void {
    this.print(`     ${line}`)
  }

  get failed(): number {
    return this.rows.filter(({ passed }) => !passed).length
  }

  /** Markdown, as it stands in the documentation. */
  table(): string {
    const cell = (text: string) => text.split('\n')[0]?.replaceAll('|', '\\|') ?? ''
    const lines = this.rows.map(
      ({ check, seen, passed }) => `| ${cell(check)} | ${passed ? '' : '**failed:** '}${cell(seen)} |`,
    )
    return ['| check | seen |', '| --- | --- |', ...lines].join('\n')
  }
}
