import * as assert from 'uvu/assert'
import { UserError } from '../../runtime/errors.ts'
import { suite } from '../../testbed/suite.ts'
import { fakeConsole } from '../testing/fake-console.ts'
import { KEPT_MS } from './kept-seats.ts'
import { DTR_DROP_MS } from './on-leave.ts'
import type { Remembered } from './remembered.ts'

const test = suite('on leave')
const send = '\x1a\rexit\r'

test('says who typed last to whoever comes next, and not to the same person', async context => {
  const { console, attach } = fakeConsole(context)
  const alice = attach('alice')
  assert.equal(console.onLeave.warningsFor(alice.seat), [])
  console.input.type(alice.seat, Buffer.from('x'))
  await console.input.sent(alice.seat, context.signal)
  const bob = attach('bob')
  assert.equal(console.onLeave.warningsFor(bob.seat), [], 'alice is still here')
  console.sessions.leave(alice.seat)
  assert.match(
    console.onLeave.warningsFor(bob.seat).join(),
    /^alice typed last, until .* UTC: the target may still be logged in as them$/,
  )
  assert.equal(console.onLeave.warningsFor(attach('alice').seat), [])
  const silent = fakeConsole(context, { onLeave: 'none' })
  const carol = silent.attach('carol')
  silent.console.input.type(carol.seat, Buffer.from('x'))
  await silent.console.input.sent(carol.seat, context.signal)
  silent.console.sessions.leave(carol.seat)
  assert.equal(silent.console.onLeave.warningsFor(silent.attach('bob').seat), [])
})

test('sends the text once, when the last operator has left who typed', async context => {
  const { console, line, attach, pass } = fakeConsole(context, { onLeave: { send } })
  const olga = attach('olga', { role: 'observer' })
  console.sessions.leave(attach('eve').seat)
  await pass(100)
  assert.is(line.sent, '', 'nobody typed')
  const [alice, bob] = [attach('alice'), attach('bob')]
  console.input.type(alice.seat, Buffer.from('x'))
  await console.input.sent(alice.seat, context.signal)
  console.sessions.leave(alice.seat)
  await pass(100)
  assert.is(line.sent, 'x', 'bob is here')
  console.sessions.leave(bob.seat)
  const carol = attach('carol')
  console.input.type(carol.seat, Buffer.from('y'))
  await console.input.sent(carol.seat, context.signal)
  assert.is(line.sent, `x${send}y`)
  assert.ok(olga.told.includes('the last operator left: what on_leave says is sent to the target'))
})

test('sends nothing for a lost connection before its place is free', async context => {
  const { console, line, attach, pass } = fakeConsole(context, { onLeave: { send } })
  const alice = attach('alice')
  console.input.type(alice.seat, Buffer.from('x'))
  await console.input.sent(alice.seat, context.signal)
  console.sessions.leave(alice.seat, 'disconnected', 0)
  await pass(KEPT_MS - 1_000)
  assert.is(line.sent, 'x')
  await pass(2_000)
  assert.is(line.sent, `x${send}`)
})

test('lowers DTR for a stated time, and what the next one types comes after it', async context => {
  const { console, line, attach, pass } = fakeConsole(context, { onLeave: 'dtr-drop' })
  const olga = attach('olga', { role: 'observer' })
  const alice = attach('alice')
  assert.equal(console.onLeave.warningsFor(alice.seat), [])
  console.input.type(alice.seat, Buffer.from('x'))
  await console.input.sent(alice.seat, context.signal)
  console.sessions.leave(alice.seat)
  await pass(DTR_DROP_MS / 2)
  assert.equal(line.log.slice(-1), ['set {"dtr":false}'])
  assert.not(console.control.outputs.dtr)
  const bob = attach('bob')
  console.input.type(bob.seat, Buffer.from('y'))
  await pass(DTR_DROP_MS / 4)
  assert.is(line.sent, 'x')
  await pass(DTR_DROP_MS)
  assert.is(line.log.slice(-2).join(), 'set {"dtr":true},y')
  assert.ok(olga.told.includes('the last operator left: DTR falls for 1 s'))
  assert.equal(console.onLeave.warningsFor(attach('carol').seat), [], 'bob is here, and nobody else is logged in')
})

test('what it did is not done again after a restart of the program', async context => {
  const alice = { technician: 'alice', role: 'operator', from: 'x' } as const
  const before: Remembered = { seats: [], lastTyped: { person: alice, at: 1 }, at: 1 }
  for (const onLeave of ['dtr-drop', { send: 'exit\r' }] as const) {
    const put: Remembered[] = []
    const { line, pass } = fakeConsole(context, { onLeave }, { before, put: now => put.push(now) })
    await pass(2 * DTR_DROP_MS)
    assert.match(line.log.join(), onLeave === 'dtr-drop' ? 'set {"dtr":true}' : 'exit')
    assert.is(put.at(-1)?.lastTyped, undefined)
    assert.ok(put.length > 0)
  }
})

test('DTR falls for a lost connection only once its place is free', async context => {
  const { console, line, attach, pass } = fakeConsole(context, { onLeave: 'dtr-drop' })
  const alice = attach('alice')
  console.input.type(alice.seat, Buffer.from('x'))
  await console.input.sent(alice.seat, context.signal)
  console.sessions.leave(alice.seat, 'disconnected', 0)
  await pass(KEPT_MS - 1_000)
  assert.not.match(line.log.join(), 'dtr')
  await pass(2_500 + DTR_DROP_MS)
  assert.match(line.log.join(), 'set {"dtr":false},set {"dtr":true}')
})

test('says where DTR does not fall: no modem lines, or set off by hand', async context => {
  const { console, line, attach, pass, recorded } = fakeConsole(context, { onLeave: 'dtr-drop' })
  console.lineClosed('unplugged')
  line.modemLines = async () => undefined
  line.setModemLines = async () => {
    throw new UserError('/dev/x has no modem lines')
  }
  console.lineOpened(line)
  await pass(10)
  const alice = attach('alice')
  const problem = 'on_leave = "dtr-drop" does nothing here: this line has no modem lines'
  assert.equal(console.onLeave.warningsFor(alice.seat), [problem])
  const olga = attach('olga', { role: 'observer' })
  assert.equal(console.onLeave.warningsFor(olga.seat), [], 'it concerns who types')
  console.input.type(alice.seat, Buffer.from('x'))
  await console.input.sent(alice.seat, context.signal)
  console.sessions.leave(alice.seat)
  await pass(DTR_DROP_MS)
  assert.ok(olga.told.includes('the last operator left, and DTR did not fall and rise: /dev/x has no modem lines'))
  assert.match(recorded.join('\n'), 'note on_leave failed {"cause":"/dev/x has no modem lines"}')
  assert.match(console.onLeave.warningsFor(attach('bob').seat).join(), 'alice typed last')

  const off = fakeConsole(context, { onLeave: 'dtr-drop' })
  off.line.outputs = { dtr: false, rts: true }
  const watcher = off.attach('olga', { role: 'observer' })
  const typist = off.attach('alice')
  off.console.input.type(typist.seat, Buffer.from('x'))
  await off.console.input.sent(typist.seat, context.signal)
  off.console.sessions.leave(typist.seat)
  await pass(DTR_DROP_MS)
  assert.match(watcher.told.join(), 'DTR did not fall and rise: somebody set it to off')
  assert.not.match(off.line.log.join(), 'dtr')
})

test.run()
