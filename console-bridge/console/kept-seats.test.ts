import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { fakeConsole } from '../testing/fake-console.ts'
import { KEPT_MS } from './kept-seats.ts'
import { describeWho } from './people.ts'

const test = suite('kept seats')
const X = Buffer.from('x')

test('keeps the keyboard for a lost session, and gives it back to the same person', async context => {
  const { console, line, attach } = fakeConsole(context)
  const [alice, bob] = [attach('alice'), attach('bob')]
  line.takes = false
  console.input.type(alice.seat, Buffer.from('reload'))
  console.received(Buffer.from('0123456789'))
  console.sessions.leave(alice.seat, 'disconnected', 4)
  line.takes = true
  assert.match(bob.told.at(-1) ?? '', /^the keyboard is kept for alice, whose connection was lost, until .* UTC$/)
  assert.is(console.input.type(bob.seat, X), 'occupied')
  assert.match(console.keyboard.describeOccupied(bob.seat) ?? '', 'is kept for alice')
  assert.match(describeWho(console).join('\n'), 'is kept for alice')
  const relayed = attach('alice', { via: 'relay' })
  assert.is(relayed.seat.back, undefined, 'somebody for whom a relay vouches is another')
  const again = attach('alice')
  assert.is(console.writer, again.seat)
  assert.is(bob.told.at(-1), 'alice is back')
  const { readUpTo, discardedBytes, wrote, takenBy } = again.seat.back ?? {}
  assert.equal([readUpTo, discardedBytes, wrote, takenBy], [4, 6, true, undefined])
  assert.is(console.input.type(again.seat, X), 'taken')
  await console.input.sent(again.seat, context.signal)
  assert.is(line.sent, 'x', 'what waited is never sent')
})

test('any operator may take it at once, and the lost one is told when they return', async context => {
  const { console, attach } = fakeConsole(context)
  const [alice, bob] = [attach('alice'), attach('bob')]
  console.sessions.leave(alice.seat, 'disconnected', 0)
  assert.is(console.keyboard.takeOver(bob.seat), undefined)
  assert.is(bob.told.at(-1), 'bob took over typing from alice')
  assert.is(console.input.type(bob.seat, X), 'taken')
  const again = attach('alice')
  assert.is(console.writer, bob.seat)
  assert.is(again.seat.back?.takenBy, 'bob')
})

test('is free after a minute, and at once when somebody leaves', async context => {
  const { console, attach, pass } = fakeConsole(context)
  const [alice, bob] = [attach('alice'), attach('bob')]
  console.sessions.leave(alice.seat, 'disconnected', 0)
  await pass(KEPT_MS - 1_000)
  assert.is(console.input.type(bob.seat, X), 'occupied')
  await pass(2_000)
  assert.is(bob.told.at(-1), 'alice did not come back: the next operator who types has the console')
  assert.is(console.input.type(bob.seat, X), 'taken')
  assert.is(attach('alice').seat.back, undefined)
  console.sessions.leave(bob.seat, 'disconnected')
  assert.is(console.keyboard.keptFor, undefined)
})

test.run()
