/** Runs every test file in a process of its own, with a time limit, and counts what really ran. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { SuiteReport } from './suite.ts'

const FILE_LIMIT_MS = 300_000
const RUN_LIMIT_MS = 40 * 60_000
const PARTS = [
  'tools',
  'runtime',
  'supervisor',
  'console-bridge',
  'relay-config',
  'testbed',
  'lab',
  'image',
  'packaging',
]

interface Outcome {
  file: string
  output: string
  /** Why the file fails as a whole, beyond its own failed tests. */
  fault: string | undefined
  report: SuiteReport | undefined
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { jobs: { type: 'string', default: '2' }, unit: { type: 'boolean' }, verbose: { type: 'boolean' } },
})
const running = new Set<ChildProcess>()
const scratch = mkdtempSync(join(tmpdir(), 'oobm-test-'))
process.exitCode = await main()

async function main(): Promise<number> {
  const files = testFiles(values.unit ? ['.test.ts'] : ['.test.ts', '.itest.ts']).filter(
    file => positionals.length === 0 || positionals.some(part => file.includes(part)),
  )
  const startedMs = Date.now()
  const deadlineMs = startedMs + RUN_LIMIT_MS
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop(signal))

  const outcomes: Outcome[] = []
  const queue = [...files]
  const worker = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const limitMs = Math.min(FILE_LIMIT_MS, deadlineMs - Date.now())
      outcomes.push(limitMs > 0 ? await runFile(file, limitMs) : { ...notRun(file) })
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
  const reportPath = join(scratch, `${file.replaceAll('/', '_')}.json`)
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, OOBM_TEST_REPORT: reportPath },
  })
  running.add(child)
  let output = ''
  child.stdout.on('data', chunk => {
    output += chunk
  })
  child.stderr.on('data', chunk => {
    output += chunk
  })
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    killGroup(child, 'SIGKILL')
  }, limitMs)
  const code = await new Promise<number | null>(resolve => child.on('close', resolve))
  clearTimeout(timer)
  running.delete(child)
  killGroup(child, 'SIGKILL')
  const report = readReport(reportPath)
  return { file, output, report, fault: faultOf(code, timedOut ? limitMs : undefined, report) }
}

function faultOf(code: number | null, limitMs: number | undefined, report: SuiteReport | undefined) {
  if (limitMs !== undefined) return `killed: not done after ${limitMs / 1000} s`
  if (report === undefined) return `wrote no report (exit ${code}): it must import tools/suite.ts`
  if (!report.ran) return 'test.run() is missing: none of its tests ran'
  if (report.declared === 0 && report.skipped.length === 0) return 'declares no test'
  if (report.passed + report.failed !== report.declared) {
    return `declared ${report.declared} tests and ran ${report.passed + report.failed}`
  }
  return code === 0 || report.failed > 0 ? undefined : `exit ${code} although its tests passed`
}

function readReport(path: string): SuiteReport | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as SuiteReport
  } catch {
    return undefined
  }
}

function notRun(file: string): Outcome {
  return { file, output: '', report: undefined, fault: `not run: the whole run took ${RUN_LIMIT_MS / 60_000} minutes` }
}

/** Tests start sshd, sockets and simulators: whatever is left of a file's process group goes with it. */
function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid) process.kill(-child.pid, signal)
  } catch {
    // The group is gone already.
  }
}

function stop(signal: NodeJS.Signals): void {
  for (const child of running) killGroup(child, 'SIGTERM')
  setTimeout(() => {
    for (const child of running) killGroup(child, 'SIGKILL')
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
  if (outcomes.length === 0) process.stdout.write('no test file matches\n')
  process.stdout.write(`\n${outcomes.length} files, ${Math.round(elapsedMs / 1000)} s\n`)
  process.stdout.write(`${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}\n`)
  return failed > 0 || passed === 0 ? 1 : 0
}
