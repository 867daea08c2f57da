/** What is shown of a real supervisor that hangs, and of one that has no descriptor left. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { EXIT } from '../runtime/errors.ts'
import { programArgs } from '../testbed/programs.ts'
import { runProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { startField } from './testing/field.ts'

const test = suite('a supervisor that hangs')
const LIMIT = { timeoutMs: 150_000 }
const ROOT = join(import.meta.dirname, '..')

test(
  'stopped: oobm says so and exits 69, until it goes on',
  async context => {
    const field = await startField(context)
    const device = await field.supervisor('a')
    await device.becomes('ready')
    const status = () =>
      runProgram(process.execPath, [...programArgs('device/main.ts'), 'status'], {
        cwd: ROOT,
        env: { RUNTIME_DIRECTORY: device.runtime },
        timeoutMs: 60_000,
      })
    assert.is((await status()).code, EXIT.ok)
    device.program.child.kill('SIGSTOP')
    context.cleanup(() => device.program.child.kill('SIGCONT'))
    const stoppedMs = performance.now()
    const hung = await waitFor(
      'oobm status to say so',
      async () => {
        const said = await status()
        return said.code === EXIT.ok ? undefined : said
      },
      { timeoutMs: 40_000 },
    )
    assert.is(hung.code, EXIT.unavailable)
    assert.match(hung.stdout, /^not answering {2}oobm-supervisor has not answered for \d+ s/)
    // Three heartbeats, and what a command takes on a busy machine.
    assert.ok(performance.now() - stoppedMs < 30_000)
    device.program.child.kill('SIGCONT')
    await waitFor('it to go on', async () => (await status()).code === EXIT.ok, { timeoutMs: 40_000 })
  },
  LIMIT,
)

test(
  'without descriptors it ends on purpose, with its cause, and leaves neither a status nor a lit LED',
  async context => {
    const field = await startField(context)
    const device = await field.supervisor('a')
    await device.becomes('ready')
    const { pid } = device.program
    const taken = new Set((await readdir(`/proc/${pid}/fd`)).map(Number))
    const free = Array.from({ length: taken.size + 1 }, (_, descriptor) => descriptor).find(one => !taken.has(one)) ?? 0
    const limited = await runProgram('prlimit', ['--pid', String(pid), `--nofile=${free}:${free}`])
    assert.is(limited.code, 0, limited.stderr)
    await waitFor('it to end', device.program.ended, { timeoutMs: 60_000 })
    assert.ok((device.program.child.exitCode ?? 0) > 0, `exit ${device.program.child.exitCode}`)
    assert.match(device.program.output(), /^no file descriptor is left on this process \(EMFILE\)/m)
    assert.not.ok((await readdir(device.runtime)).includes('status.json'))
    assert.is(await readFile(join(field.directory, 'a/led'), 'utf8'), 'off\n')
  },
  LIMIT,
)

test.run()
