/** Runs the test files, unit tests in one process and each other file in its own, and counts what really ran. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { BUILD_VARIABLE, buildInto } from '../testbed/programs.ts'
import { type Outcome, runTestFiles } from './run-test-files.ts'
import { countOf, describeOutcome, describeSummary, hasFailed } from './tell-outcomes.ts'
import { watchFolders } from './watch-folders.ts'

/** Folders without tests; hidden ones have none either. */
const WITHOUT_TESTS = ['node_modules', 'build']
/** With --alone: where more than these fail, the change is at fault and not the machine. */
const MOST_ALONE = 5

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    jobs: { type: 'string', default: '2' },
    // Only what is quick, and of random cases a sample.
    unit: { type: 'boolean' },
    // Again after each change of a file.
    watch: { type: 'boolean' },
    verbose: { type: 'boolean' },
    // Where all must run, as in CI: a machine that cannot run a test says so with a failure.
    'no-skip': { type: 'boolean' },
    // A file that failed beside others runs once more with the machine to itself; the summary names it.
    alone: { type: 'boolean' },
    // Seconds, for each file and for all of them.
    'file-limit': { type: 'string', default: '600' },
    'run-limit': { type: 'string', default: '3900' },
  },
})
if (values.unit) process.env.OOBM_TEST_SAMPLE = '1'
const scratch = mkdtempSync(join(tmpdir(), 'oobm-test-'))
/** Beside the source: a test that has another user or another /tmp sees it as it sees the source. */
const build = resolve('build', `.test-${process.pid}`)
const stopped = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopped.abort(signal))
try {
  process.exitCode = values.watch ? await runAtEachChange() : await run(stopped.signal)
} finally {
  for (const folder of [scratch, build]) rmSync(folder, { recursive: true, force: true })
}
if (stopped.signal.aborted) {
  process.stderr.write(`stopped by ${stopped.signal.reason}\n`)
  process.exitCode = 130
}

async function runAtEachChange(): Promise<number> {
  let status = 0
  while (!stopped.signal.aborted) {
    const changed = watchFolders(parts(), stopped.signal)
    status = await run(AbortSignal.any([stopped.signal, changed.begun]))
    if (!changed.begun.aborted && !stopped.signal.aborted)
      process.stdout.write('waiting for a change; Ctrl-C ends this\n')
    await changed.quiet
    if (!stopped.signal.aborted) process.stdout.write('\na file changed\n')
  }
  return status
}

async function run(signal: AbortSignal): Promise<number> {
  const all = testFiles(values.unit ? ['.test.ts'] : ['.test.ts', '.itest.ts'])
  const inVain = positionals.filter(part => !all.some(file => file.includes(part)))
  for (const part of inVain) process.stdout.write(`no test file matches "${part}"\n`)
  if (inVain.length > 0) return 1
  const files = all.filter(file => positionals.length === 0 || positionals.some(part => file.includes(part)))
  const startedMs = Date.now()
  const limitMs = Number(values['file-limit']) * 1000
  // Not AbortSignal.timeout(): Node.js 20 may collect one that only AbortSignal.any() knows, and it never fires.
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), Number(values['run-limit']) * 1000)
  const ended = AbortSignal.any([signal, limit.signal])

  // A run within a run has those of the outer one.
  const isBuilder = process.env[BUILD_VARIABLE] === undefined && files.some(file => !isUnit(file))
  if (isBuilder) {
    await buildInto(build)
    process.env[BUILD_VARIABLE] = build
  }

  let outcomes: Outcome[] = []
  const tell = (outcome: Outcome) => {
    outcomes.push(outcome)
    if (values.watch && !hasFailed(outcome)) return
    process.stdout.write(describeOutcome(outcome, { verbose: values.verbose ?? false }))
  }
  // Unit tests first: they are quick, and explain a failure of the others best.
  const queue = [files.filter(isUnit), ...files.filter(file => !isUnit(file)).map(file => [file])]
  const worker = async () => {
    for (let group = queue.shift(); group !== undefined && !ended.aborted; group = queue.shift()) {
      for await (const outcome of runTestFiles(group, { scratch, limitMs, signal: ended })) tell(outcome)
    }
  }
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker))
  const again = values.alone ? toRunAlone(outcomes) : []
  const first = outcomes.filter(({ file }) => again.includes(file))
  outcomes = outcomes.filter(outcome => !first.includes(outcome))
  for (const file of again) {
    process.stdout.write(`once more, alone: ${file}\n`)
    for await (const outcome of runTestFiles([file], { scratch, limitMs, signal: ended })) tell(outcome)
  }
  clearTimeout(timer)
  if (isBuilder) delete process.env[BUILD_VARIABLE]
  if (signal.aborted) return 1
  const told = new Set(outcomes.map(({ file }) => file))
  files
    .filter(file => !told.has(file))
    .forEach(file => {
      const fault = `not done after ${values['run-limit']} s of the whole run`
      tell({ file, output: '', report: undefined, fault, elapsedMs: 0, cpuMs: undefined })
    })
  const failed = new Set(outcomes.filter(hasFailed).map(({ file }) => file))
  const passedAlone = first.filter(outcome => hasFailed(outcome) && !failed.has(outcome.file))
  process.stdout.write(describeSummary({ outcomes, elapsedMs: Date.now() - startedMs, passedAlone }))
  return statusOf(outcomes)
}

/** Unit tests wait for nothing: they fail alone as they fail beside others. */
function toRunAlone(outcomes: readonly Outcome[]): string[] {
  const failed = [...new Set(outcomes.filter(hasFailed).map(({ file }) => file))]
  return failed.length > MOST_ALONE || failed.some(isUnit) ? [] : failed
}

function statusOf(outcomes: readonly Outcome[]): number {
  const { passed, failed, skipped } = countOf(outcomes)
  if (values['no-skip'] && skipped.length > 0) {
    process.stdout.write('nothing may be skipped here: see --no-skip in tools/run-tests.ts\n')
    return 1
  }
  return failed > 0 || passed === 0 ? 1 : 0
}

function isUnit(file: string): boolean {
  return file.endsWith('.test.ts')
}

function parts(): string[] {
  return readdirSync('.', { withFileTypes: true })
    .filter(each => each.isDirectory() && !each.name.startsWith('.') && !WITHOUT_TESTS.includes(each.name))
    .map(({ name }) => name)
}

function testFiles(endings: string[]): string[] {
  const all = parts().flatMap(part =>
    readdirSync(part, { recursive: true, encoding: 'utf8' }).map(file => join(part, file)),
  )
  return all.filter(file => endings.some(ending => file.endsWith(ending))).sort()
}
