/** Runs cases of one subject, one after the other or side by side, and reports them. */
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage } from '../runtime/errors.ts'
import type { Case, Run, Steps, Subject } from './case.ts'
import { withDisposal } from './disposal.ts'
import type { Options } from './options.ts'
import { removeFolder } from './remove-folder.ts'
import type { Report, Row } from './report.ts'

/** A step without which its case has nothing more to see has failed: the report has it. */
class BrokenOff extends Error {}

/** @param folder for files; what belongs to a case that passed is removed */
export async function runSubject(
  subject: Subject<unknown>,
  cases: readonly Case<unknown>[],
  { options, folder, signal, report }: { options: Options; folder: string; signal: AbortSignal; report: Report },
): Promise<void> {
  await withDisposal(async undo => {
    const run: Run = {
      ...{ ...undo, options, folder, signal },
      note: text => report.note(text),
      failed: (name, why) => report.add({ result: 'FAIL', case: name, step: '', seconds: 0, note: why }),
    }
    const stage = await subject.setUp(run)
    const queue = Array.from({ length: options.runs }, (_, turn) => cases.map(one => ({ one, turn }))).flat()
    const brokenOff = new Set<string>()
    const worker = async () => {
      for (let next = queue.shift(); next && !signal.aborted; next = queue.shift()) {
        const { one, turn } = next
        if (one.follows !== undefined && brokenOff.has(one.follows)) {
          brokenOff.add(one.name)
          report.note(`not run: ${one.name}, which follows ${one.follows}`)
        } else if (!(await runCase(one, turn, stage, run, report))) brokenOff.add(one.name)
      }
    }
    const atOnce = subject.sideBySide ? options.jobs : 1
    await Promise.all(Array.from({ length: Math.min(atOnce, queue.length) }, worker))
    if (!signal.aborted) await subject.finish?.(stage, run)
  }, signal)
}

/** @returns whether it came to its end */
async function runCase(
  one: Case<unknown>,
  turn: number,
  stage: unknown,
  { options, folder: parent, signal }: Run,
  report: Report,
): Promise<boolean> {
  const name = options.runs > 1 ? `${one.name} #${turn + 1}` : one.name
  // Short: the path of a socket in it may have 107 bytes (unix(7)).
  const folder = await mkdtemp(join(parent, `${name.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 20)}-`))
  let steps = 0
  let failures = 0
  const step: Steps['step'] = async (title, run) => {
    steps++
    const failure = await report.step(name, title, run)
    if (failure) failures++
    return failure === undefined
  }
  const play = () =>
    withDisposal(
      undo =>
        one.run(stage, {
          ...{ ...undo, run: turn, folder, signal, step },
          note: text => report.note(text),
          essential: async (title, run) => {
            if (!(await step(title, run))) throw new BrokenOff(title)
          },
        }),
      signal,
    )
  const startMs = performance.now()
  const end = (result: Row['result'], note: string) =>
    report.add({ result, case: name, step: '', seconds: Math.round((performance.now() - startMs) / 1000), note })
  try {
    const note = await play()
    if (steps === 0) end('ok', note ?? '')
    if (failures === 0) await removeFolder(folder)
    return true
  } catch (err) {
    if (!(err instanceof BrokenOff)) end('FAIL', errorMessage(err))
    return false
  }
}
