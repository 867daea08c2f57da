/** What the runner says of test files: a line for each, and at the end the slowest, the failures and the counts. */
import type { Outcome } from './run-test-files.ts'

/** How many files the summary names for the time that they took. */
const SLOWEST = 20
/** Lines of a file's failures in the summary, which is the part of a log that everybody sees. */
const FAILURE_LINES = 30

export interface Summary {
  outcomes: readonly Outcome[]
  elapsedMs: number
  /** What failed beside others and then passed alone; it is among the outcomes as it passed. */
  passedAlone: readonly Outcome[]
}

export function hasFailed({ report, fault }: Outcome): boolean {
  return fault !== undefined || (report?.failed ?? 1) > 0
}

export function describeOutcome(outcome: Outcome, options: { verbose: boolean }): string {
  const { report, fault, file, output } = outcome
  const failed = hasFailed(outcome)
  const line = `${failed ? 'FAIL' : 'ok  '} ${file}  ${report?.passed ?? 0}/${report?.declared ?? '?'}  ${timesOf(outcome)}\n`
  const why = fault === undefined ? '' : `     ${file}: ${fault}\n`
  return `${line}${failed || options.verbose ? `${output}\n` : ''}${why}`
}

export function describeSummary({ outcomes, elapsedMs, passedAlone }: Summary): string {
  const { passed, failed, skipped } = countOf(outcomes)
  const slowest = outcomes.toSorted((one, other) => other.elapsedMs - one.elapsedMs).slice(0, SLOWEST)
  return [
    ...(outcomes.length > SLOWEST
      ? ['', 'slowest:', ...slowest.map(each => `${timesOf(each)}  ${each.file}`), '']
      : []),
    ...skipped.map(({ name, why }) => `skipped: ${name} (${why})`),
    ...passedAlone.flatMap(each => [
      '',
      `failed beside other files, passed alone: ${each.file}`,
      ...failureLines(each),
    ]),
    ...outcomes.filter(hasFailed).flatMap(each => ['', `failed: ${each.file}`, ...failureLines(each)]),
    '',
    `${new Set(outcomes.map(({ file }) => file)).size} files, ${Math.round(elapsedMs / 1000)} s`,
    `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`,
    '',
  ].join('\n')
}

export function countOf(outcomes: readonly Outcome[]): {
  passed: number
  failed: number
  skipped: { name: string; why: string }[]
} {
  const sum = (count: (outcome: Outcome) => number) => outcomes.reduce((all, each) => all + count(each), 0)
  return {
    passed: sum(({ report }) => report?.passed ?? 0),
    failed: sum(({ report, fault }) => (report?.failed ?? 0) + (fault === undefined ? 0 : 1)),
    skipped: outcomes.flatMap(({ report }) => report?.skipped ?? []),
  }
}

/** What uvu says of the failed tests, without the frames that say nothing of them. */
function failureLines({ output, fault }: Outcome): string[] {
  const said = output.split('\n')
  const from = said.findIndex(line => /^ +FAIL /.test(line))
  const lines = from < 0 ? [] : said.slice(from)
  const telling = lines.filter(line => line.trim() !== '' && !/node_modules|testbed\/suite\.ts/.test(line))
  return [...(fault === undefined ? [] : [`     ${fault}`]), ...telling.slice(0, FAILURE_LINES)]
}

/** Little CPU in a long time: it waits, and leaves the cores to others. */
function timesOf({ elapsedMs, cpuMs }: Outcome): string {
  const seconds = (ms: number) => (ms / 1000).toFixed(1)
  return `${seconds(elapsedMs)} s${cpuMs === undefined ? '' : `, CPU ${seconds(cpuMs)} s`}`
}
