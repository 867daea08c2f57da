import * as assert from 'uvu/assert'
import { UserError } from '../../runtime/errors.ts'
import { suite } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { describeSettings } from '../line/settings.ts'
import { fakeConsole } from '../testing/fake-console.ts'
import { LineControl, type MadeChanges } from './line-control.ts'
import { setDefault, setLine } from './set-line.ts'

const test = suite('set the line')
const ALICE = { technician: 'alice', role: 'operator', from: 'x' } as const
const CONFIGURED = { baudRate: 9600, dataBits: 8, parity: 'none', stopBits: 1, flowControl: 'none' } as const

test('sets it until the last session leaves, and tells everyone', async context => {
  const { console, line, attach } = fakeConsole(context)
  const bob = attach('bob')
  const olga = attach('olga', { role: 'observer' })
  const answer = await setLine({ console, by: ALICE, signal: context.signal }, { baudRate: 115_200, dtr: false }, false)
  assert.equal(answer, { set: true, text: 'core-sw1: 115200 8N1, DTR off, until the last session leaves' })
  assert.equal([line.settings.baudRate, line.outputs.dtr], [115_200, false])
  for (const { told } of [bob, olga]) {
    assert.is(told.at(-1), 'alice set the line to 115200 8N1, DTR off, until the last session leaves')
  }
  assert.equal(console.control.difference, {
    configured: '9600 8N1',
    why: 'DTR is off, set by alice, until the last session leaves',
  })
  console.sessions.leave(bob.seat)
  assert.is(console.control.settings.baudRate, 115_200)
  console.sessions.leave(olga.seat)
  await waitFor('the configured settings', () => line.settings.baudRate === 9_600 && line.outputs.dtr)
  assert.is(console.control.difference, undefined)
})

test('what was typed before goes out before the change, what is typed meanwhile after it', async context => {
  const { console, line, attach } = fakeConsole(context)
  const { seat } = attach('alice')
  const changes = line.set
  line.set = async settings => {
    console.input.type(seat, Buffer.from('after'))
    await changes(settings)
  }
  console.input.type(seat, Buffer.from('before'))
  await setLine({ console, by: seat, signal: context.signal }, { baudRate: 19_200 }, false)
  await waitFor('the rest', () => line.sent === 'beforeafter')
  assert.equal(
    line.log.filter(entry => entry !== 'drained'),
    ['before', 'set 19200 8N1', 'after'],
  )
})

test('keeps what the line has where it refuses, and leaves nobody with half of a change', async context => {
  const { console, line } = fakeConsole(context)
  line.setModemLines = async () => {
    throw new UserError('no such lines')
  }
  const answer = await setLine({ console, by: ALICE, signal: context.signal }, { baudRate: 300, dtr: false }, true)
  assert.equal(answer, {
    set: false,
    refused: false,
    cause: 'the line was not set: no such lines; it stays at 9600 8N1',
  })
  assert.is(describeSettings(line.settings), '9600 8N1')
  assert.is(console.control.difference, undefined)
  assert.ok(console.state.open)
})

test('is for operators, and for a line that is open', async context => {
  const { console } = fakeConsole(context)
  const olga = { technician: 'olga', role: 'observer', from: 'x' } as const
  const refused = await setLine({ console, by: olga, signal: context.signal }, { baudRate: 300 }, false)
  assert.ok(!refused.set && refused.refused)
  console.lineClosed('unplugged')
  assert.equal(await setDefault({ console, by: ALICE, signal: context.signal }), {
    set: false,
    refused: false,
    cause: 'the line was not set: the line is closed: unplugged',
  })
})

test('what is kept outlives sessions and restarts, until the default is set', () => {
  let stored: MadeChanges | undefined
  const keep = (made: MadeChanges | undefined) => {
    stored = made
  }
  const control = new LineControl({ configured: CONFIGURED, keep })
  control.made(control.plan('bob', { baudRate: 57_600 }, false))
  control.made(control.plan('alice', { baudRate: 115_200, rts: false }, true))
  assert.equal(stored, { by: 'alice', changes: { baudRate: 115_200, rts: false } })
  assert.is(control.isTemporary, false)
  const again = new LineControl({ configured: CONFIGURED, kept: stored, keep })
  assert.is(describeSettings(again.settings), '115200 8N1')
  assert.equal(again.difference, { configured: '9600 8N1', why: 'RTS is off, set by alice, kept over restarts' })
  again.made(again.plan('bob', { baudRate: 300 }, false))
  again.made(again.planLastLeft())
  assert.is(describeSettings(again.settings), '115200 8N1')
  again.made(again.planDefault())
  assert.equal([stored, again.difference], [undefined, undefined])
})

test('what is set to the value of the configuration is no difference', () => {
  const control = new LineControl({ configured: CONFIGURED })
  control.made(control.plan('bob', { baudRate: 9_600, dtr: true }, false))
  assert.is(control.difference, undefined)
})

test.run()
