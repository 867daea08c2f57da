/** A lab to measure: the whole chain, with a pty as equipment. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readStatus, supervisorStatusSchema } from '../../formats/status-file.ts'
import { startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'

const ROOT = join(import.meta.dirname, '../..')

export interface BenchLab {
  directory: string
  sshConfig: string
}

/** Returns when its tunnel is proved. */
export async function startBenchLab(context: TestContext, tty: string): Promise<BenchLab> {
  const directory = await scratchDirectory(context)
  const root = join(directory, 'lab')
  const lab = startProgram(
    process.execPath,
    [join(ROOT, 'build/lib/lab.cjs'), '--no-screen', '--port', tty, '--directory', root],
    { cwd: directory },
  )
  context.cleanup(() => lab.stop(15_000))
  const status = () =>
    readStatus(join(root, 'device/run/oobm/status.json'), supervisorStatusSchema).catch(() => undefined)
  await waitFor(
    'the lab to be ready',
    async () => {
      if (lab.ended()) throw new Error(lab.output())
      return (await status())?.state === 'ready'
    },
    { timeoutMs: 120_000 },
  )
  return { directory: root, sshConfig: join(root, 'ssh_config') }
}

/** A pty whose other end echoes. */
export async function echoingTty(context: TestContext): Promise<string> {
  const link = join(await scratchDirectory(context), 'tty')
  const socat = startProgram('socat', [`PTY,link=${link},raw,echo=0`, 'PIPE'])
  context.cleanup(() => socat.stop())
  await waitFor(link, () => existsSync(link))
  return link
}
