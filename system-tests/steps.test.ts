import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import type { Steps } from './case.ts'
import type { Machine } from './machine/machine.ts'
import { playSteps, readSteps } from './steps.ts'

const test = suite('scripts of steps')

const TEXT = `#!/bin/sh
set -eu
not() { :; }

### it installs: all of it
true
#### no step

### [power cut] it starts again
not false
`

test('each step has what is shared, and its own lines', () => {
  const [first, second, ...more] = readSteps(TEXT)
  assert.is(first?.name, 'it installs: all of it')
  assert.is(first?.afterPowerCut, false)
  assert.match(first?.script ?? '', /^#!\/bin\/sh\nset -eu\nnot\(\) [\s\S]*\ntrue\n#### no step\n\n$/)
  assert.is(second?.name, 'it starts again')
  assert.is(second?.afterPowerCut, true)
  assert.match(second?.script ?? '', /not\(\)[\s\S]*\nnot false\n$/)
  assert.not.match(second?.script ?? '', 'true')
  assert.equal(more, [])
})

test('steps are run on one machine, which a power cut ends; the first that fails is the last', async () => {
  const steps = readSteps(`${TEXT}\n### it breaks\nfails\n\n### never\n:\n`)
  const done: string[] = []
  const start = async () => {
    done.push('start')
    return {
      sh: async script => {
        if (/^fails$/m.test(script)) throw new Error('no')
        return ''
      },
      cutPower: async () => void done.push('cut'),
    } as Machine
  }
  const essential: Steps['essential'] = async (name, run) => {
    done.push(name)
    await run()
  }
  const end = await playSteps(steps, start, { essential }).catch((err: Error) => err.message)
  assert.is(end, 'no')
  assert.equal(done, ['it installs: all of it', 'start', 'it starts again', 'cut', 'start', 'it breaks'])
})

for (const file of ['packages/device-package', 'packages/boot-partition', 'packages/dedicated-relay', 'fresh/fresh']) {
  test(`${file} has steps with names of their own`, () => {
    const names = readSteps(readFileSync(join(import.meta.dirname, `cases/${file}.sh`), 'utf8')).map(({ name }) => name)
    assert.ok(names.length > 4 && names.every(name => name !== ''), names.join())
    assert.is(new Set(names).size, names.length)
  })
}

test.run()
