import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../tools/suite.ts'
import { startField } from './testing/field.ts'

const test = suite('tunnel')
const LIMIT = { timeoutMs: 90_000 }

test(
  'comes up, proves itself through the relay, and says so',
  async context => {
    const field = await startField(context)
    const { becomes, runtime } = await field.supervisor('a')
    const status = await becomes('ready')
    assert.equal(
      status.proof.attempt?.steps.map(({ name, ok }) => [name, ok]),
      [
        ['relay', true],
        ['shell listener', true],
        ['shell login', true],
        ['console listener', true],
        ['console host key', true],
      ],
    )
    assert.is(await readFile(join(field.directory, 'a/led'), 'utf8').then(text => text.trim()), 'ready')
    assert.equal(await readdir(join(runtime, 'selftest')), [], 'the marker is gone')
  },
  LIMIT,
)

test.run()
