import * as assert from 'uvu/assert'
import { suite } from '../../../../testbed/suite.ts'
import { readFacts } from './console-facts.ts'

const test = suite('facts of a console')

test('are those of this console, as the bridge tells them', () => {
  const sessions = [
    { technician: 'alice', writer: false, from: '::1', since: 1 },
    { technician: 'bob', writer: true, from: '::1', since: 1, via: 'relay' },
  ]
  const keys = { 'take-over': '\x1dw', 'give-up': '\x1dv' }
  const one = { name: 'sw1', settings: '115200 8N1', changed: { configured: '9600 8N1', why: '' }, sessions, keys }
  const text = JSON.stringify({ consoles: [{ name: 'sw2' }, { ...one, power: { outlets: [], at: null } }] })
  assert.equal(readFacts(text, 'sw1'), {
    ...{ types: 'bob (via relay)', watch: ['alice'], hasOutlets: true, changed: '115200 8N1' },
    ...{ takeOver: '\x1dw', giveUp: '\x1dv' },
  })
  const nobody = { types: undefined, watch: [], hasOutlets: false, changed: undefined }
  assert.equal(readFacts(text, 'sw2'), { ...nobody, takeOver: undefined, giveUp: undefined })
})

test('are none where it says something else', () => {
  for (const text of ['', 'null', '{}', '{"consoles":7}', '{"consoles":[null]}'])
    assert.is(readFacts(text, 'x'), undefined)
})

test.run()
