import * as assert from 'uvu/assert'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { fakeConsole } from '../testing/fake-console.ts'
import { KEPT_MS } from './kept-seats.ts'
import type { Remembered } from './remembered.ts'

const test = suite('remembered seats')
const X = Buffer.from('x')
const SIZE = { columns: 80, rows: 24 }

/** A console, and the one after a restart, which begins with what the first one remembered last. */
function restarted(context: TestContext, settings: Parameters<typeof fakeConsole>[1] = {}) {
  const puts: Remembered[] = []
  const before = fakeConsole(context, settings, { before: undefined, put: now => puts.push(now) })
  const after = () => fakeConsole(context, settings, { before: puts.at(-1), put: () => {} })
  return { before, after, latest: () => puts.at(-1) }
}

test('the one who typed has the keyboard again, also after a crash', async context => {
  const { before, after, latest } = restarted(context)
  const alice = before.attach('alice', { size: SIZE })
  before.attach('nms', { port: 'run' })
  before.console.input.type(alice.seat, X)
  await before.console.input.sent(alice.seat, context.signal)
  assert.equal(
    latest()?.seats.map(({ person, wrote }) => [person.technician, wrote]),
    [['alice', true]],
    'a program runs again',
  )
  assert.is(latest()?.lastTyped?.person.technician, 'alice')
  const { console, attach } = after()
  const bob = attach('bob')
  assert.is(console.input.type(bob.seat, X), 'occupied')
  assert.match(console.keyboard.describeOccupied(bob.seat) ?? '', /^the keyboard is kept for alice/)
  const back = attach('alice')
  assert.is(console.writer, back.seat)
  assert.equal([back.seat.back?.readUpTo, back.seat.back?.lostAt], [undefined, latest()?.at])
})

test('who does not come back within a minute has lost it, and the next one is warned', async context => {
  const { before, after } = restarted(context)
  const alice = before.attach('alice', { size: SIZE })
  before.console.input.type(alice.seat, X)
  await before.console.input.sent(alice.seat, context.signal)
  before.console.sessions.leave(alice.seat, 'stopped', 0)
  const { console, attach, pass } = after()
  await pass(KEPT_MS + 1_000)
  const bob = attach('bob')
  assert.is(console.writer, bob.seat)
  assert.match(console.onLeave.warningsFor(bob.seat).join(), /^alice typed last, until .* UTC/)
})

test('what on_leave says comes once: never at the end of the program, and after it when nobody came back', async context => {
  const onLeave = { send: 'exit\r' }
  for (const hasTerminal of [true, false]) {
    const { before, after, latest } = restarted(context, { onLeave })
    const alice = before.attach('alice', hasTerminal ? { size: SIZE } : {})
    before.console.input.type(alice.seat, X)
    await before.console.input.sent(alice.seat, context.signal)
    before.console.sessions.leave(alice.seat, 'stopped', hasTerminal ? 0 : undefined)
    await before.pass(100)
    assert.is(before.line.sent, 'x')
    assert.is(latest()?.seats.length, hasTerminal ? 1 : 0)
    const { line, pass } = after()
    await pass(100)
    assert.is(line.sent, hasTerminal ? '' : 'exit\r')
    await pass(KEPT_MS)
    assert.is(line.sent, 'exit\r')
  }
})

test.run()
