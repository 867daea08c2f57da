/** Runs every test file in a process of its own, and counts what really ran. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Outcome, type Running, runTestFile } from './run-test-file.ts'

const RUN_LIMIT_MS = 40 * 60_000
/** What the compiler checks is what has tests. */
const PARTS = (JSON.parse(readFileSync('tsconfig.json', 'utf8')) as { include: string[] }).include

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    jobs: { type: 'string', default: '2' },
    unit: { type: 'boolean' },
    verbose: { type: 'boolean' },
    // Where all must run, as in CI: a machine that cannot run a test says so with a failure.
    'no-skip': { type: 'boolean' },
    'file-limit': { type: 'string', default: '300' },
  },
})
const running = new Set<Running>()
const scratch = mkdtempSync(join(tmpdir(), 'oobm-test-'))
process.exitCode = await main()

async function main(): Promise<number> {
  const all = testFiles(values.unit ? ['.test.ts'] : ['.test.ts', '.itest.ts'])
  const inVain = positionals.filter(part => !all.some(file => file.includes(part)))
  for (const part of inVain) process.stdout.write(`no test file matches "${part}"\n`)
  if (inVain.length > 0) return 1
  const files = all.filter(file => positionals.length === 0 || positionals.some(part => file.includes(part)))
  const startedMs = Date.now()
  const deadlineMs = startedMs + RUN_LIMIT_MS
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop(signal))

  const outcomes: Outcome[] = []
  const queue = [...files]
  const worker = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const limitMs = Math.min(Number(values['file-limit']) * 1000, deadlineMs - Date.now())
      outcomes.push(limitMs > 0 ? await runFile(file, limitMs) : notRun(file))
      print(outcomes.at(-1) as Outcome)
    }
  }
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker))
  rmSync(scratch, { recursive: true, force: true })
  return summarize(outcomes, Date.now() - startedMs)
}

/** Unit tests first: they are quick, and explain a failure of the others best. */
function testFiles(endings: string[]): string[] {
  const all = PARTS.filter(existsSync).flatMap(part =>
    readdirSync(part, { recursive: true, encoding: 'utf8' }).map(file => join(part, file)),
  )
  return endings.flatMap(ending => all.filter(file => file.endsWith(ending)).sort())
}

async function runFile(file: string, limitMs: number): Promise<Outcome> {
  const one = runTestFile(file, scratch, limitMs)
  running.add(one)
  try {
    return await one.outcome
  } finally {
    running.delete(one)
  }
}

function notRun(file: string): Outcome {
  return { file, output: '', report: undefined, fault: `not run: the whole run took ${RUN_LIMIT_MS / 60_000} minutes` }
}

function stop(signal: NodeJS.Signals): void {
  for (const each of running) each.end('SIGTERM')
  setTimeout(() => {
    for (const each of running) each.end('SIGKILL')
    rmSync(scratch, { recursive: true, force: true })
    process.stderr.write(`stopped by ${signal}\n`)
    process.exit(130)
  }, 3_000)
}

function print(outcome: Outcome): void {
  const { report, fault, file } = outcome
  const failed = fault !== undefined || (report?.failed ?? 1) > 0
  process.stdout.write(`${failed ? 'FAIL' : 'ok  '} ${file}  ${report?.passed ?? 0}/${report?.declared ?? '?'}\n`)
  if (failed || values.verbose) process.stdout.write(`${outcome.output}\n`)
  if (fault !== undefined) process.stdout.write(`     ${file}: ${fault}\n`)
}

function summarize(outcomes: Outcome[], elapsedMs: number): number {
  const skipped = outcomes.flatMap(({ report }) => report?.skipped ?? [])
  const passed = outcomes.reduce((sum, { report }) => sum + (report?.passed ?? 0), 0)
  const broken = outcomes.filter(({ fault }) => fault !== undefined).length
  const failed = outcomes.reduce((sum, { report }) => sum + (report?.failed ?? 0), 0) + broken
  for (const { name, why } of skipped) process.stdout.write(`skipped: ${name} (${why})\n`)
  process.stdout.write(`\n${outcomes.length} files, ${Math.round(elapsedMs / 1000)} s\n`)
  process.stdout.write(`${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}\n`)
  if (values['no-skip'] && skipped.length > 0) {
    process.stdout.write('nothing may be skipped here: see --no-skip in tools/run-tests.ts\n')
    return 1
  }
  return failed > 0 || passed === 0 ? 1 : 0
}
