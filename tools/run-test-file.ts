/** One test file in a process of its own: its limits, what it said, what it left behind, and whether all of it ran. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Family, followFamily, type Process } from './left-behind.ts'
import type { SuiteReport } from './suite.ts'

/** Milliseconds between two looks at what runs. */
const LOOK_MS = 250
/** Milliseconds that what was told to end may take for it, and what it wrote may take to arrive. */
const GRACE_MS = 3_000

export interface Outcome {
  file: string
  output: string
  /** Why the file fails as a whole, beyond its own failed tests. */
  fault: string | undefined
  report: SuiteReport | undefined
}

export interface Running {
  end(signal: NodeJS.Signals): void
  outcome: Promise<Outcome>
}

/**
 * @param scratch a folder for its report
 * @param cwd the tree that it is a file of
 */
export function runTestFile(file: string, scratch: string, limitMs: number, cwd = process.cwd()): Running {
  const reportPath = join(scratch, `${file.replaceAll('/', '_')}.json`)
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    cwd,
    env: { ...process.env, OOBM_TEST_REPORT: reportPath },
  })
  const family = followFamily(child.pid ?? 0, `OOBM_TEST_REPORT=${reportPath}`)
  return { end: signal => endGroup(child, signal), outcome: follow(child, family, { file, reportPath, limitMs }) }
}

async function follow(
  child: ChildProcess,
  family: Family,
  { file, reportPath, limitMs }: { file: string; reportPath: string; limitMs: number },
): Promise<Outcome> {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', chunk => {
      output += chunk
    })
  }
  let late: string | undefined
  const untilMs = Date.now() + limitMs
  const looking = setInterval(() => {
    family.look()
    const { running } = readReport(reportPath) ?? {}
    if (Date.now() > untilMs) late = `killed: not done after ${limitMs / 1000} s, ${where(running?.title)}`
    else if (running && Date.now() > running.untilMs)
      late = `killed: it did not end in its time, ${where(running.title)}`
    if (late !== undefined) endGroup(child, 'SIGKILL')
  }, LOOK_MS)
  // Not 'close', which comes when the last process that holds its output is gone.
  const closed = new Promise(resolve => child.once('close', resolve))
  const code = await new Promise<number | null>(resolve => {
    child.once('exit', resolve)
    child.once('error', () => resolve(null))
  })
  clearInterval(looking)
  family.add(readReport(reportPath)?.children ?? [])
  const left = await endFamily(family)
  await Promise.race([closed, delay(GRACE_MS, undefined, { ref: false })])
  for (const stream of [child.stdout, child.stderr]) stream?.destroy()
  const report = readReport(reportPath)
  return { file, output, report, fault: late ?? faultOf(code, report) ?? describeLeft(left) }
}

function where(title: string | undefined): string {
  return title === undefined ? 'in none of its tests' : `in "${title}"`
}

function faultOf(code: number | null, report: SuiteReport | undefined): string | undefined {
  if (report === undefined) return `wrote no report (exit ${code}): it must import tools/suite.ts`
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

/** Who lives on after a moment, which a process needs to end when its parent told it so; they are killed. */
async function endFamily(family: Family): Promise<Process[]> {
  const untilMs = Date.now() + GRACE_MS
  let left = family.living()
  while (left.length > 0 && Date.now() < untilMs) {
    await delay(50)
    left = family.living()
  }
  for (const { pid } of left) kill(pid, 'SIGKILL')
  return left
}

function describeLeft(left: Process[]): string | undefined {
  if (left.length === 0) return undefined
  return `left behind, and killed: ${left.map(({ pid, command }) => `${command.slice(0, 200)} (process ${pid})`).join('; ')}`
}

function readReport(path: string): SuiteReport | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as SuiteReport
  } catch {
    return undefined
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
