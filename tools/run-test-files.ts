/** Runs test files in a process apart: their limits, what each said, what it left behind, and whether all of it ran. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Family, followFamily, type Relative } from '../testbed/left-behind.ts'
import type { SuiteReport } from '../testbed/suite.ts'
import type { Done, Plan } from './test-process.ts'

/** Milliseconds between two looks at what runs. */
const LOOK_MS = 250
/** Milliseconds that what was told to end may take for it. */
const GRACE_MS = 3_000

export interface Outcome {
  file: string
  output: string
  /** Why the file fails as a whole, beyond its own failed tests. */
  fault: string | undefined
  report: SuiteReport | undefined
  /** What it took; `cpuMs` is without processes that outlived their parent, and undefined where the file did not end by itself. */
  elapsedMs: number
  cpuMs: number | undefined
}

export interface RunOptions {
  /** A folder for reports and output. */
  scratch: string
  /** Milliseconds for each file. */
  limitMs: number
  /** The tree that they are files of. */
  cwd?: string
  /** Ends the run; the file that runs then has no outcome. */
  signal?: AbortSignal
}

/**
 * Runs the files one after the other in one process, and yields the outcome of each. Where one ends this process, or has to be
 * killed, a new process runs the others. A file has a second outcome when a process of its is found at the end.
 */
export async function* runTestFiles(files: readonly string[], options: RunOptions): AsyncGenerator<Outcome> {
  for (let rest = files; rest.length > 0 && !options.signal?.aborted; ) {
    rest = rest.slice(yield* runInOneProcess(rest, options))
  }
}

/** Returns how many of the files have begun. */
async function* runInOneProcess(files: readonly string[], options: RunOptions): AsyncGenerator<Outcome, number> {
  const { scratch, limitMs, cwd = process.cwd(), signal } = options
  const folder = mkdtempSync(join(scratch, 'run-'))
  const reportPaths = files.map(file => join(folder, `${file.replaceAll('/', '_')}.json`))
  const plan: Plan = { files, reportPaths, donePath: join(folder, 'done') }
  const outputPath = join(folder, 'output')
  const child = start(plan, outputPath, cwd)
  const exited = new Promise<number | null>(resolve => {
    child.once('exit', resolve)
    child.once('error', () => resolve(null))
  })
  const family = followFamily(child.pid ?? 0, 'OOBM_TEST_REPORT', reportPaths)
  const interrupt = () => {
    endGroup(child, 'SIGTERM')
    setTimeout(() => endGroup(child, 'SIGKILL'), GRACE_MS).unref()
  }
  signal?.addEventListener('abort', interrupt)

  let at = 0
  const startedMs = Date.now()
  let before = { outputEnd: 0, elapsedMs: 0, cpuMs: 0 }
  let untilMs = Date.now() + limitMs
  let late: string | undefined
  const outcome = (code: number | null, done?: Done): Outcome => {
    const report = readReport(reportPaths[at])
    const output = readFileSync(outputPath).subarray(before.outputEnd, done?.outputEnd).toString()
    const elapsedMs = (done?.elapsedMs ?? Date.now() - startedMs) - before.elapsedMs
    const cpuMs = done && done.cpuMs - before.cpuMs
    const fault = late ?? faultOf(code, report) ?? describeChanged(done)
    return { file: files[at] ?? '', output, report, fault, elapsedMs, cpuMs }
  }
  let code: number | null | undefined
  while (code === undefined) {
    code = await Promise.race([exited, delay(LOOK_MS, undefined, { ref: false })])
    family.look()
    // The last one is done when its process has ended.
    for (const done of readDone(plan.donePath).slice(at, files.length - 1)) {
      yield outcome(done.exitCode, done)
      at++
      before = done
      untilMs = Date.now() + limitMs
    }
    // Who has ended is judged by that, however late this process hears of it.
    if (code !== undefined) break
    const { running } = readReport(reportPaths[at]) ?? {}
    if (Date.now() > untilMs) late = `killed: not done after ${limitMs / 1000} s, ${where(running?.title)}`
    else if (running && Date.now() > running.untilMs)
      late = `killed: it did not end in its time, ${where(running.title)}`
    if (late !== undefined) endGroup(child, 'SIGKILL')
  }
  signal?.removeEventListener('abort', interrupt)
  for (const path of reportPaths) family.add(readReport(path)?.children ?? [], path)
  const left = await endFamily(family)
  if (signal?.aborted) return files.length
  // Whose process it was, nothing tells when it has neither its parent nor its environment: the last file's.
  const leftBy = (path?: string) => describeLeft(left.filter(({ mark }) => (mark ?? reportPaths[at]) === path))
  const last = outcome(code, readDone(plan.donePath)[at])
  yield { ...last, fault: last.fault ?? leftBy(reportPaths[at]) }
  for (const [index, file] of files.slice(0, at).entries()) {
    const fault = leftBy(reportPaths[index])
    if (fault) yield { file, output: '', report: undefined, fault, elapsedMs: 0, cpuMs: 0 }
  }
  return at + 1
}

function start(plan: Plan, outputPath: string, cwd: string): ChildProcess {
  // A file, not a pipe: who still holds it at the end delays nothing, and its length says which test file wrote what.
  const output = openSync(outputPath, 'a')
  try {
    return spawn(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, 'test-process.ts'), JSON.stringify(plan)],
      { stdio: ['ignore', output, output], detached: true, cwd },
    )
  } finally {
    closeSync(output)
  }
}

function where(title: string | undefined): string {
  return title === undefined ? 'in none of its tests' : `in "${title}"`
}

function faultOf(code: number | null, report: SuiteReport | undefined): string | undefined {
  if (report === undefined) return `wrote no report (exit ${code}): it must import testbed/suite.ts`
  if (report.running !== undefined) return `ended (exit ${code}) ${where(report.running.title)}`
  if (!report.ran) return 'test.run() is missing: none of its tests ran'
  if (report.declared === 0 && report.skipped.length === 0) return 'declares no test'
  if (report.passed + report.failed !== report.declared) {
    return `declared ${report.declared} tests and ran ${report.passed + report.failed}`
  }
  if (report.failed > 0) return undefined
  if (code !== 0) return `exit ${code} although its tests passed`
  return report.drained ? undefined : 'something called process.exit() after its last test'
}

function describeChanged(done: Done | undefined): string | undefined {
  if (done === undefined || done.changed.length === 0) return undefined
  return `changed for the files after it: ${done.changed.join(', ')}`
}

/** Who lives on after a moment, which a process needs to end when its parent told it so; they are killed. */
async function endFamily(family: Family): Promise<Relative[]> {
  const untilMs = Date.now() + GRACE_MS
  let left = family.living()
  while (left.length > 0 && Date.now() < untilMs) {
    await delay(50)
    left = family.living()
  }
  for (const { pid } of left) kill(pid, 'SIGKILL')
  return left
}

function describeLeft(left: Relative[]): string | undefined {
  if (left.length === 0) return undefined
  return `left behind, and killed: ${left.map(({ pid, command }) => `${command.slice(0, 200)} (process ${pid})`).join('; ')}`
}

function readReport(path: string | undefined): SuiteReport | undefined {
  try {
    return JSON.parse(readFileSync(path ?? '', 'utf8')) as SuiteReport
  } catch {
    return undefined
  }
}

/** The lines that are whole. */
function readDone(path: string): Done[] {
  try {
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
    return lines.map(line => JSON.parse(line) as Done)
  } catch {
    return []
  }
}

/** Tests start sshd, sockets and simulators: a file's process group goes with it. */
function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid) kill(-child.pid, signal)
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It is gone already.
  }
}
