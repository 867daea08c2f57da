import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../../../testbed/run-program.ts'
import { suite } from '../../../testbed/suite.ts'
import type { Result } from './report.ts'

const test = suite('fault bench')
const MAIN = join(import.meta.dirname, '../../main.ts')
const RESULTS = join(import.meta.dirname, '../../../build/system-tests/netns')

if (process.getuid?.() === 0) {
  test('a session that is killed heals, as the shipped programs and a real sshd show it; nothing is left behind', async () => {
    const args = ['--import', 'tsx', MAIN, '--on', 'netns', '--subject', 'faults', '--case', 'session-killed']
    const env = { OOBM_BENCH_TEST: String(process.pid) }
    const { code, stdout, stderr } = await runProgram(process.execPath, args, { env, timeoutMs: 100_000 })
    assert.is(code, 0, stdout + stderr)
    const { ours } = JSON.parse(await readFile(join(RESULTS, 'runs/session-killed-1.json'), 'utf8')) as Result
    // The way itself may be back before anybody looks.
    assert.ok((ours?.syns ?? 0) > 0, 'the bench saw that it connected anew')
    assert.ok((ours?.states.length ?? 0) > 0, 'and what the device said')
    assert.is(await leftBehind(`OOBM_BENCH_TEST=${process.pid}`), 0)
  })
} else test.skip('a session that is killed heals', 'network namespaces need root')

/** Processes that still have this variable from the bench. */
async function leftBehind(mark: string): Promise<number> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  const environments = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')))
  return environments.filter(text => text.split('\0').includes(mark)).length
}

test.run()
