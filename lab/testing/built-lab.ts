/** A lab from its bundles, ready, and the operator's program beside it. */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildInto } from '../../testbed/programs.ts'
import { runProgram, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'

/** For what a loaded machine takes long for. */
export const PATIENCE = { timeoutMs: 120_000 }

/** @param more arguments of the lab */
export async function startBuiltLab(context: TestContext, ...more: string[]) {
  const scratch = await scratchDirectory(context)
  await buildInto(join(scratch, 'build'))
  await mkdir(join(scratch, 'tmp'))
  const program = (name: string) => join(scratch, 'build/lib', `${name}.cjs`)
  const directory = join(scratch, 'lab')
  const env = { TMPDIR: join(scratch, 'tmp'), OOBM_FLEET: join(directory, 'fleet.toml') }
  const lab = startProgram(process.execPath, [program('lab'), '--directory', directory, ...more], { env })
  context.cleanup(() => lab.stop(20_000))
  context.onFailure(async () => {
    const log = await readFile(join(directory, 'log/oobm-apply.log'), 'utf8').catch(() => '')
    return `the lab:\n${lab.output().slice(-1500)}\noobm-apply:\n${log}`
  })
  const led = () =>
    readFile(join(directory, 'led'), 'utf8').then(
      state => state.trim(),
      () => '',
    )
  await waitFor('the lab to be ready', async () => (await led()) === 'ready', PATIENCE)
  return {
    ...{ lab, directory, led, env, program, state: join(directory, 'relay/oobm') },
    oobmRelay: (...args: string[]) =>
      runProgram(process.execPath, [program('oobm-relay'), ...args], { env, ...PATIENCE }),
  }
}
