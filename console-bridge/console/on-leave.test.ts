import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { fakeConsole } from '../testing/fake-console.ts'
import { KEPT_MS } from './kept-seats.ts'

const test = suite('on leave')
const send = '\x1a\rexit\r'

test('says who typed last to whoever comes next, and not to the same person', async context => {
  const { console, attach } = fakeConsole(context)
  const alice = attach('alice')
  assert.is(console.onLeave.warningFor(alice.seat), undefined)
  console.input.type(alice.seat, Buffer.from('x'))
  await console.input.sent(alice.seat, context.signal)
  const bob = attach('bob')
  assert.is(console.onLeave.warningFor(bob.seat), undefined, 'alice is still here')
  console.sessions.leave(alice.seat)
  assert.match(
    console.onLeave.warningFor(bob.seat) ?? '',
    /^alice typed last, until .* UTC: the target may still be logged in as them$/,
  )
  assert.is(console.onLeave.warningFor(attach('alice').seat), undefined)
  const silent = fakeConsole(context, { onLeave: 'none' })
  const carol = silent.attach('carol')
  silent.console.input.type(carol.seat, Buffer.from('x'))
  await silent.console.input.sent(carol.seat, context.signal)
  silent.console.sessions.leave(carol.seat)
  assert.is(silent.console.onLeave.warningFor(silent.attach('bob').seat), undefined)
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

test.run()
