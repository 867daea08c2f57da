/** `make system-test`: runs the chosen cases on a machine, prints what each step came to, and leaves a report. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EXIT, errorMessage, UserError } from '../runtime/errors.ts'
import { type Case, type Subject, select } from './case.ts'
import { runIsolated } from './isolation.ts'
import { describeSubjects } from './list.ts'
import { type Options, readOptions } from './options.ts'
import { removeFolder } from './remove-folder.ts'
import { Report } from './report.ts'
import { runSubject } from './run-subject.ts'
import { SUBJECTS } from './subjects.ts'

const RESULTS = join(import.meta.dirname, '../build/system-tests')
/** Set for the second run of this program, the one in its own namespaces: the folder for its files. */
const INSIDE = 'OOBM_SYSTEM_TEST_INSIDE'
const STOPPED = 130

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort())

process.exitCode = await main().catch(complain)

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2))
  if (typeof options === 'string') throw new UserError(`${options}\n\n${describeSubjects(SUBJECTS)}`, EXIT.usage)
  const chosen = SUBJECTS.filter(({ on, name }) => on.includes(options.on) && [name, ''].includes(options.subject))
    .map(subject => ({ subject, cases: select(subject.cases(options), options) }))
    .filter(({ cases }) => cases.length > 0)
  if (chosen.length === 0)
    throw new UserError(`no such case; there are:\n\n${describeSubjects(SUBJECTS, options)}`, EXIT.usage)
  if (process.getuid?.() !== 0) throw new UserError('a system test needs root', EXIT.unavailable)
  const codes: number[] = []
  for (const { subject, cases } of chosen) {
    if (!stopping.signal.aborted) codes.push(await play(subject, cases, options))
  }
  return Math.max(...codes)
}

function complain(err: Error): number {
  process.stderr.write(`${err instanceof UserError ? err.message : err.stack}\n`)
  return err instanceof UserError ? err.exitCode : EXIT.software
}

/** @returns an exit code */
async function play(subject: Subject<unknown>, cases: readonly Case<unknown>[], options: Options): Promise<number> {
  const inside = process.env[INSIDE]
  const folder = inside ?? (await mkdtemp(join(tmpdir(), `oobm-${subject.name}-`)))
  let keep = false
  try {
    if (inside === undefined) await subject.fetch?.()
    const code = await (subject.isolated && inside === undefined
      ? runIsolated([...process.argv.slice(1), '--subject', subject.name], { [INSIDE]: folder }, stopping.signal)
      : runHere(subject, cases, options, folder))
    keep = code === EXIT.failed
    return code
  } finally {
    if (inside === undefined) {
      if (keep) process.stdout.write(`what the failed cases left: ${folder}\n`)
      else await removeFolder(folder)
    }
  }
}

async function runHere(
  subject: Subject<unknown>,
  cases: readonly Case<unknown>[],
  options: Options,
  folder: string,
): Promise<number> {
  const { signal } = stopping
  const report = new Report(line => process.stdout.write(`${line}\n`))
  try {
    await runSubject(subject, cases, { options, folder, signal, report })
  } catch (err) {
    // The other subjects may have what they need.
    if (err instanceof UserError) return complain(err)
    report.add({ result: 'FAIL', case: 'set up', step: '', seconds: 0, note: errorMessage(err) })
  }
  if (signal.aborted) {
    process.stdout.write('stopped\n')
    return STOPPED
  }
  const path = await report.save(join(RESULTS, options.on), subject.name)
  process.stdout.write(`\n${report.sum()}; ${path}\n`)
  return report.failed > 0 ? EXIT.failed : EXIT.ok
}
