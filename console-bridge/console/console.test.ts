import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { fakeConsole } from '../testing/fake-console.ts'
import { TYPED_BOUND_BYTES } from './input.ts'

const test = suite('console')

test('takes input beyond the bound, and makes the session wait until there is room', async context => {
  const { console, line, attach } = fakeConsole(context)
  const { seat, told } = attach('alice')
  line.takes = false
  assert.is(console.input.type(seat, Buffer.alloc(TYPED_BOUND_BYTES - 1)), 'taken')
  assert.ok(console.input.hasRoom(seat))
  assert.is(console.input.type(seat, Buffer.alloc(1)), 'full')
  assert.not(console.input.hasRoom(seat))
  line.takes = true
  await console.input.sent(seat, context.signal)
  assert.ok(console.input.hasRoom(seat))
  assert.ok(told.includes('room'))
})

test('lets three BREAKs wait, and refuses a fourth', async context => {
  const { console, line, attach } = fakeConsole(context)
  const { seat } = attach('alice')
  const answers = await Promise.all(Array.from({ length: 5 }, () => console.breaks.send(seat, 100, context.signal)))
  assert.equal(
    answers.map(answer => (answer.sent ? 'sent' : answer.cause)),
    ['sent', 'sent', 'sent', ...Array(2).fill('no BREAK was sent: 3 BREAKs are already waiting')],
  )
  assert.equal(line.log, Array(3).fill(['drained', 'break on', 'break off']).flat())
  assert.ok((await console.breaks.send(seat, 100, context.signal)).sent, 'and one more after them')
})

test('tells the others before a BREAK begins, and everyone after it', async context => {
  const { console, attach } = fakeConsole(context)
  const [alice, bob, olga] = [attach('alice'), attach('bob'), attach('olga', { role: 'observer' })]
  await console.breaks.send(bob.seat, undefined, context.signal)
  assert.equal(
    [alice, bob, olga].map(({ told }) => told.includes('break of another')),
    [true, false, true],
  )
  for (const { told } of [alice, bob, olga]) assert.ok(told.includes('bob sent BREAK, 300 ms'))
  // The exec command has no seat, although the same person has one.
  await console.breaks.send({ technician: 'bob', role: 'operator', from: 'x' }, undefined, context.signal)
  assert.ok(bob.told.includes('break of another'))
})

test('knows who sends a BREAK while it lasts: the target may answer before its end', async context => {
  const { console, line, attach } = fakeConsole(context)
  const { seat } = attach('bob')
  const sending = console.breaks.send(seat, 100, context.signal)
  while (!line.log.includes('break on')) await new Promise(setImmediate)
  assert.not(line.log.includes('break off'))
  assert.is(console.typistWithin(1_000), 'bob')
  assert.ok((await sending).sent)
})

test('tells each session what it lost: at a BREAK, a take-over, an unplugging and its end', async context => {
  const { console, line, attach } = fakeConsole(context)
  const [alice, bob] = [attach('alice'), attach('bob')]
  line.takes = false
  console.input.type(alice.seat, Buffer.from('abc'))
  await console.breaks.send(bob.seat, undefined, context.signal)
  console.input.type(alice.seat, Buffer.from('abcd'))
  console.keyboard.takeOver(bob.seat)
  console.input.type(bob.seat, Buffer.from('ab'))
  console.lineClosed('unplugged')
  console.lineOpened(line)
  console.input.type(bob.seat, Buffer.from('a'))
  console.sessions.leave(bob.seat)
  const lost = ({ told }: typeof alice) => told.filter(text => text.startsWith('lost') && !text.startsWith('lost 0'))
  assert.equal(lost(alice), ['lost 3: break', 'lost 4: taken-over'])
  assert.equal(lost(bob), ['lost 2: closed', 'lost 1: left'])
})

test('a held line is announced once, whoever reports it, until nobody reports it any more', async context => {
  const { console, line, attach, pass } = fakeConsole(context, { flowControl: 'rts-cts' })
  const { seat, told } = attach('alice')
  const heard = () => told.filter(text => /holds the line|free again/.test(text)).map(text => text.split(':')[0])
  console.lineHeld(true)
  assert.match(console.hold?.cause ?? '', 'CTS is low')
  line.takes = false
  console.input.type(seat, Buffer.from('x'))
  await console.input.sent(seat, context.signal)
  assert.equal(heard(), ['flow control holds the line'])
  assert.ok(told.includes('lost 1: held'))
  console.lineHeld(false)
  await pass(1_000)
  assert.is(console.hold, undefined)
  assert.equal(heard(), ['flow control holds the line', 'the line is free again'])
  console.lineHeld(true)
  console.lineClosed('unplugged')
  assert.is(console.hold, undefined, 'a line that is closed holds nothing')
})

test('when the writer leaves, the next operator who types becomes the writer', async context => {
  const { console, attach } = fakeConsole(context)
  const [alice, bob] = [attach('alice'), attach('bob')]
  assert.is(console.input.type(bob.seat, Buffer.from('x')), 'occupied')
  console.sessions.leave(alice.seat)
  assert.is(console.writer, undefined)
  assert.is(console.input.type(bob.seat, Buffer.from('x')), 'taken')
  assert.is(console.writer, bob.seat)
  attach('olga', { role: 'observer' })
  attach('carol')
  const joined = bob.told.filter(text => / joined| left/.test(text))
  assert.equal(joined, [
    'alice left: the next operator who types has the console',
    'olga joined to watch',
    'carol joined',
  ])
})

test('releases flow control for operators only, and says what that changes', async context => {
  const { console, line, attach } = fakeConsole(context, { flowControl: 'rts-cts' })
  const [alice, olga] = [attach('alice'), attach('olga', { role: 'observer' })]
  const refused = await console.line.release(olga.seat)
  assert.equal([refused.released, line.log], [false, []])
  assert.equal(await console.line.release(alice.seat), { released: true })
  assert.equal(line.log, ['released'])
  assert.ok(olga.told.includes('alice released flow control: CTS is ignored until the line is reopened'))
  console.lineClosed('unplugged')
  const closed = await console.line.release(alice.seat)
  assert.match(closed.released ? '' : closed.cause, 'flow control was not released: the line is closed: unplugged')
})

test('the history gets how much each session sent and when, at its end, and no characters', async context => {
  const { console, line, attach, pass, clock, noted, recorded } = fakeConsole(context)
  const [alice, bob] = [attach('alice'), attach('bob')]
  const fromMs = clock.nowMs()
  console.input.type(alice.seat, Buffer.from('show clock\r'))
  await console.input.sent(alice.seat, context.signal)
  await pass(60_000)
  console.input.type(alice.seat, Buffer.from('exit\r'))
  await console.input.sent(alice.seat, context.signal)
  const toMs = clock.nowMs()
  assert.is(line.sent, 'show clock\rexit\r')
  await pass(60_000)
  console.sessions.leave(bob.seat)
  console.sessions.leave(alice.seat, 'disconnected')
  const who = { console: 'core-sw1', technician: 'alice', from: 'x' }
  assert.equal(noted, [
    [
      { event: 'typed', ...who, detail: '16 bytes' },
      { firstMs: fromMs, lastMs: toMs },
    ],
  ])
  assert.equal(recorded.slice(-2), [
    'session end {"id":2,"by":"bob","how":"left","typed":0}',
    'session end {"id":1,"by":"alice","how":"disconnected","typed":16}',
  ])
})

test.run()
