import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../../testbed/run-program.ts'
import { suite } from '../../tools/suite.ts'
import type { Result } from './report.ts'

const test = suite('fault bench')
const MAIN = join(import.meta.dirname, 'main.ts')
const RESULTS = join(import.meta.dirname, '../../build/faults')

if (process.getuid?.() === 0) {
  test('a session that is killed heals, as the shipped programs and a real sshd show it; nothing is left behind', async () => {
    const before = await holders()
    const args = ['--import', 'tsx', MAIN, '--row', 'session-killed']
    const { code, stdout, stderr } = await runProgram(process.execPath, args, { timeoutMs: 100_000 })
    assert.is(code, 0, stdout + stderr)
    const { ours } = JSON.parse(await readFile(join(RESULTS, 'runs/session-killed-1.json'), 'utf8')) as Result
    assert.ok((ours?.goneMs ?? 0) > 0, 'the bench saw that the way was gone')
    assert.ok((ours?.noticeMs ?? 0) > 0, 'and that the device said so')
    assert.equal(await holders(), before)
  })
} else test.skip('a session that is killed heals', 'network namespaces need root')

/** Processes that hold a host of this bench. */
async function holders(): Promise<number> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  const lines = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return lines.filter(line => line.startsWith('sleep\0infinity')).length
}

test.run()
