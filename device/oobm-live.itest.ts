/** `oobm test` and `oobm led` with the real supervisor, between a real relay and a real sshd. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { EXIT } from '../runtime/errors.ts'
import { startField } from '../supervisor/testing/field.ts'
import { programArgs } from '../testbed/programs.ts'
import { runProgram } from '../testbed/run-program.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'

const test = suite('oobm, live')
const ROOT = join(import.meta.dirname, '..')
const SLOW = { timeoutMs: 180_000 }

async function startDevice(context: TestContext) {
  const field = await startField(context)
  // Self-tests only when somebody asks: what `oobm test` shows is what it asked for.
  const { intervals } = field.config()
  const supervisor = await field.supervisor('a', {
    config: { intervals: { ...intervals, selftestS: 3600, timeoutS: 10 } },
  })
  const env = { RUNTIME_DIRECTORY: supervisor.runtime, OOBM_CONFIG: supervisor.configFile }
  const oobm = (...args: string[]) =>
    runProgram(process.execPath, [...programArgs('device/main.ts'), ...args], {
      cwd: ROOT,
      env,
      timeoutMs: 90_000,
    })
  const led = join(field.directory, 'a/led')
  const ledSays = (word: string) =>
    waitFor(`the LED to say ${word}`, async () => (await readFile(led, 'utf8').catch(() => '')) === `${word}\n`)
  return { field, supervisor, oobm, ledSays }
}

test(
  'test: proved, and when the device’s sshd is gone, not proved and at which step',
  async context => {
    const { field, supervisor, oobm } = await startDevice(context)
    await supervisor.becomes('ready')
    const before = (await supervisor.status())?.proof.attempt?.at
    const proved = await oobm('test')
    assert.is(proved.code, EXIT.ok, proved.stdout + proved.stderr)
    assert.match(proved.stdout, /^ok .*\nproved in \d+ ms: technicians can get in\n$/s)
    assert.is.not((await supervisor.status())?.proof.attempt?.at, before)
    assert.match((await oobm('status')).stdout, /^ready {2}proved \d+ s ago/)
    await field.shell.stop()
    const failed = await oobm('test')
    assert.is(failed.code, EXIT.failed, failed.stdout + failed.stderr)
    assert.match(failed.stdout, /^failed .*\nnot proved: the step "/ms)
  },
  SLOW,
)

test(
  'led: a lamp test on the running supervisor, and dark after SIGKILL',
  async context => {
    const { supervisor, oobm, ledSays } = await startDevice(context)
    await supervisor.becomes('ready')
    await ledSays('ready')
    assert.is((await oobm('led', 'duplicate')).code, EXIT.ok)
    await ledSays('duplicate')
    await ledSays('ready')
    await supervisor.crash()
    await ledSays('ready')
    assert.is((await oobm('led', '--off')).code, EXIT.ok)
    await ledSays('off')
    assert.is((await oobm('status')).code, EXIT.unavailable)
  },
  SLOW,
)

test.run()
