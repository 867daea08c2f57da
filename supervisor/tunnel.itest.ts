import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { waitFor } from '../testbed/wait-for.ts'
import { suite } from '../tools/suite.ts'
import { startField } from './testing/field.ts'

const test = suite('tunnel')
const LIMIT = { timeoutMs: 90_000 }

test(
  'comes up, proves itself through the relay, and says so',
  async context => {
    const field = await startField(context)
    const { becomes, runtime, status } = await field.supervisor('a')
    const first = await becomes('ready')
    assert.is(first.proof.by, 'login', 'the login through the tunnel proves it at once')
    const steps = await waitFor('the self-test over a second connection', async () => {
      const now = await status()
      return now?.proof.by === 'self-test' && now.proof.attempt?.steps.map(({ name, ok }) => [name, ok])
    })
    assert.equal(steps, [
      ['relay', true],
      ['shell listener', true],
      ['shell login', true],
      ['console listener', true],
      ['console host key', true],
    ])
    assert.is(await readFile(join(field.directory, 'a/led'), 'utf8').then(text => text.trim()), 'ready')
    assert.equal(await readdir(join(runtime, 'selftest')), [], 'the marker is gone')
  },
  LIMIT,
)

test.run()
