/** Declares tests on uvu, and closes the ways in which uvu passes falsely (hooks, missing run, no time limit, open handles). */
import { writeFileSync } from 'node:fs'
import { suite as uvuSuite } from 'uvu'
import { type Child, childrenOf } from './left-behind.ts'

/** What one test file tells the runner: written when a test begins, and when its process ends. */
export interface SuiteReport {
  declared: number
  passed: number
  failed: number
  skipped: { name: string; why: string }[]
  /** False until the file called `test.run()`. */
  ran: boolean
  /** The test that runs now, and the `Date.now()` by which it must have ended; undefined between and after tests. */
  running?: { title: string; untilMs: number } | undefined
  /** True when nothing was left to do: a process that something else ended has not seen its last timer. */
  drained: boolean
  /** Its children that live when it ends: afterwards nothing says whose they were. */
  children: Child[]
}

/** What a test gets: a signal that is aborted at its end or at its time limit, and a place for what must be undone. */
export interface TestContext {
  signal: AbortSignal
  /** Undone in reverse order after the test, also when it failed; a failing disposer fails the test. */
  cleanup(dispose: () => unknown): void
  /** Called with a text for the log only when the test fails: the logs of the processes involved. */
  onFailure(describe: () => string | Promise<string>): void
}

export interface Test {
  (name: string, body: (context: TestContext) => unknown, options?: TestOptions): void
  /** Declares a test that this machine cannot run; `why` is shown in the summary. */
  skip(name: string, why: string): void
  run(): void
}

export interface TestOptions {
  /** Milliseconds; the default leaves a loaded machine room and still ends a hang. */
  timeoutMs?: number
}

/** How many random cases a test tries: all of them, or only a sample where the unit tests alone run (`make unit`). */
export function randomCases(all: number, sample: number): number {
  return process.env.OOBM_TEST_SAMPLE ? sample : all
}

/** Those of this moment: a test may put others in their place, and end before it gives them back. */
const { setTimeout, clearTimeout } = globalThis

const DEFAULT_TIMEOUT_MS = 120_000
/** Milliseconds that a test may take beyond its limit for what it says when it failed, and for what it undoes. */
const UNDO_MS = 20_000
/** Milliseconds for one text of `onFailure`. */
const DESCRIBE_MS = 5_000
/** Milliseconds for one cleanup: less than {@link UNDO_MS}, so that its name is shown before the file is killed. */
const DISPOSE_MS = 15_000
/** Milliseconds that a file may live on after its last test: past that, something was left open. */
const LINGER_MS = 5_000

/** Makes the `test` of one file. It must be followed by `test.run()` as the file's last line. */
export function suite(name: string): Test {
  const inner = uvuSuite(name)
  const report: SuiteReport = {
    declared: 0,
    passed: 0,
    failed: 0,
    skipped: [],
    ran: false,
    drained: false,
    children: [],
  }
  const path = process.env.OOBM_TEST_REPORT
  const write = () => path && writeFileSync(path, JSON.stringify(report))

  let lingering: NodeJS.Timeout | undefined
  const end = () => {
    report.children = childrenOf(process.pid)
    write()
    if (!process.exitCode && (!report.ran || report.passed !== report.declared)) process.exitCode = 1
  }
  process.on('exit', end)
  process.once('beforeExit', () => {
    // The process may go on with another file.
    process.off('exit', end)
    clearTimeout(lingering)
    report.drained = true
    end()
  })

  const test = ((title, body, options = {}) => {
    report.declared++
    inner(title, async () => {
      const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
      report.running = { title, untilMs: Date.now() + timeoutMs + UNDO_MS }
      write()
      try {
        await runTest(title, body, timeoutMs)
        report.passed++
      } catch (err) {
        report.failed++
        if (process.env.OOBM_TEST_BAIL) {
          process.stdout.write(`FAIL "${title}"\n`)
          process.exit(1)
        }
        throw err
      } finally {
        report.running = undefined
        write()
        if (report.passed + report.failed === report.declared) lingering = failIfLeftOpen()
      }
    })
  }) as Test
  test.skip = (title, why) => {
    if (why.trim() === '') throw new Error(`"${title}" is skipped without a reason`)
    report.skipped.push({ name: `${name}: ${title}`, why })
  }
  test.run = () => {
    report.ran = true
    inner.run()
  }
  return test
}

async function runTest(title: string, body: (context: TestContext) => unknown, timeoutMs: number): Promise<void> {
  const controller = new AbortController()
  const disposers: (() => unknown)[] = []
  const describers: (() => string | Promise<string>)[] = []
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`"${title}" did not end within ${timeoutMs} ms`)), timeoutMs)
  })
  const context: TestContext = {
    signal: controller.signal,
    cleanup: dispose => disposers.push(dispose),
    onFailure: describe => describers.push(describe),
  }
  const failures: unknown[] = []
  const interrupted = () => void disposeAll(disposers).then(() => process.exit(130))
  process.once('SIGTERM', interrupted)
  process.once('SIGINT', interrupted)
  try {
    await Promise.race([Promise.resolve().then(() => body(context)), deadline])
  } catch (err) {
    failures.push(err)
    for (const describe of describers) process.stdout.write(`\n--- ${title}\n${await textOf(describe)}\n`)
  } finally {
    clearTimeout(timer)
    controller.abort()
    failures.push(...(await disposeAll(disposers)))
    process.off('SIGTERM', interrupted)
    process.off('SIGINT', interrupted)
  }
  if (failures.length > 0) throw asError(failures[0])
}

/** What else is wrong is for the log: the failure of the test is what the runner must hear of. */
async function textOf(describe: () => string | Promise<string>): Promise<string> {
  try {
    return await soon(DESCRIBE_MS, 'the text', describe)
  } catch (err) {
    return `(no text for the log: ${String(err)})`
  }
}

/** Undoes everything, whatever fails or hangs on the way, and gives the failures back. */
async function disposeAll(disposers: (() => unknown)[]): Promise<unknown[]> {
  const failures: unknown[] = []
  for (let dispose = disposers.pop(); dispose; dispose = disposers.pop()) {
    try {
      await soon(DISPOSE_MS, `a cleanup (${String(dispose).slice(0, 80)})`, dispose)
    } catch (err) {
      failures.push(err)
    }
  }
  return failures
}

/** @throws Error when `work` does not end in time */
async function soon<T>(ms: number, what: string, work: () => T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not end within ${ms / 1_000} s`)), ms)
  })
  try {
    return await Promise.race([Promise.resolve().then(work), late])
  } finally {
    clearTimeout(timer)
  }
}

/** An open handle keeps the process alive after the last test: say which kind it is, and fail. */
function failIfLeftOpen(): NodeJS.Timeout {
  return setTimeout(() => {
    process.stderr.write(`left open after the last test: ${process.getActiveResourcesInfo().join(', ')}\n`)
    process.exit(1)
  }, LINGER_MS).unref()
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`a test threw ${String(thrown)}`)
}
