import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import type { Visit } from '../commands/visit.ts'
import { fakeConsole } from '../testing/fake-console.ts'
import { forwardTarget } from './forward-target.ts'

const test = suite('forward target')
const ONLY = 'only consoles can be reached: core-sw1:2217 (RFC 2217) or core-sw1:23 (raw bytes)'

function visit(console: ReturnType<typeof fakeConsole>['console'], more: Partial<Visit> = {}): Visit {
  const person = { technician: 'bob', role: 'operator', from: 'y' } as const
  return {
    ...{ person, wanted: 'core-sw1', allowed: [console], viaRelay: false, isDevice: false },
    refusal: undefined,
    ...more,
  }
}

test('takes a console by its name, and one of its two ports', context => {
  const { console } = fakeConsole(context)
  assert.equal(forwardTarget('core-sw1', 2217, visit(console)), { console, kind: 'RFC 2217' })
  assert.equal(forwardTarget('core-sw1', 23, visit(console)), { console, kind: 'raw bytes' })
})

test('refuses every other destination with what there is', context => {
  const { console } = fakeConsole(context)
  const others: [string, number][] = [
    ...([
      ['core-sw1', 22],
      ['core-sw1', 0],
      ['CORE-SW1', 2217],
      ['localhost', 2217],
    ] as [string, number][]),
    ...([
      ['127.0.0.1', 2217],
      ['127.0.0.1', 22],
      ['core-sw2', 2217],
      ['', 23],
      ['core-sw1.', 23],
    ] as [string, number][]),
  ]
  for (const [host, port] of others) {
    assert.equal(forwardTarget(host, port, visit(console)), { refusal: ONLY, cannot: false }, `${host}:${port}`)
  }
  const none = forwardTarget('core-sw1', 2217, visit(console, { allowed: [] }))
  assert.equal(none, { refusal: 'only consoles can be reached: and you have none here', cannot: false })
})

test('refuses a login through the relay, and one that is only to be told so', context => {
  const { console } = fakeConsole(context)
  const refusalOf = (more: Partial<Visit>) => forwardTarget('core-sw1', 2217, visit(console, more))
  const relay = { refusal: 'forwarding is not available through the relay', cannot: false }
  assert.equal(refusalOf({ viaRelay: true }), relay)
  assert.equal(refusalOf({ refusal: 'too many' }), { refusal: 'too many', cannot: false })
})

test('an operator gets a port that can be written to, or is told who types; an observer reads', context => {
  const { console, attach } = fakeConsole(context)
  attach('alice')
  const refusal = 'alice types; try again when the keyboard is free'
  assert.equal(forwardTarget('core-sw1', 2217, visit(console)), { refusal, cannot: false })
  const observer = visit(console, { person: { technician: 'olga', role: 'observer', from: 'z' } })
  assert.equal(forwardTarget('core-sw1', 2217, observer), { console, kind: 'RFC 2217' })
})

test('says why the line is closed', context => {
  const { console } = fakeConsole(context)
  console.lineClosed('unplugged')
  const refused = { refusal: 'the line is closed: unplugged', cannot: true }
  assert.equal(forwardTarget('core-sw1', 2217, visit(console)), refused)
})

test.run()
