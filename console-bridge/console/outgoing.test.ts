import * as assert from 'uvu/assert'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { fakeLine } from '../testing/fake-line.ts'
import { quickClock } from '../testing/quick-clock.ts'
import type { Loss } from './loss.ts'
import { Outgoing } from './outgoing.ts'

const test = suite('outgoing')
const ALICE = { name: 'alice' }
const BOB = { name: 'bob' }
const BREAK: Loss = { kind: 'break', text: 'bob sent BREAK' }
const CLOSED: Loss = { kind: 'closed', text: 'the line is closed' }

/** Records all events; its line is removed at the end of the test. */
function outgoing(context: TestContext) {
  const told: string[] = []
  const clock = quickClock()
  const nameOf = (owner: object) => (owner as typeof ALICE).name
  const out = new Outgoing({
    clock,
    heldMs: () => 2_000,
    events: {
      onSent: () => {},
      onLost: (owner, bytes, { kind }) => told.push(`${nameOf(owner)} lost ${bytes}: ${kind}`),
      onRoom: () => {},
      onHeld: held => told.push(held ? 'held' : 'free again'),
    },
  })
  context.cleanup(() => out.useLine(undefined, CLOSED))
  return { out, told, clock }
}

test('sends in order of typing, in small pieces', async context => {
  const line = fakeLine()
  const { log } = line
  const { out } = outgoing(context)
  out.useLine(line, CLOSED)
  out.push(ALICE, Buffer.from('x'.repeat(300)))
  out.push(BOB, Buffer.from('y'))
  assert.ok(await out.sent(BOB, context.signal))
  assert.equal(log, ['x'.repeat(256), 'x'.repeat(44), 'y', 'drained'])
})

test('sends what was typed before a BREAK before it, and what is typed during it after it', async context => {
  const line = fakeLine({ takes: false })
  const { log } = line
  const { out } = outgoing(context)
  out.useLine(line, CLOSED)
  out.push(ALICE, Buffer.from('before'))
  const outcome = out.interruptions.sendBreak(300, context.signal, BREAK)
  await Promise.resolve()
  out.push(ALICE, Buffer.from('during'))
  line.takes = true
  assert.equal(await outcome, { done: true, drained: true, discardedBytes: 0 })
  await out.sent(ALICE, context.signal)
  assert.equal(log, ['before', 'drained', 'break on', 'break off', 'during', 'drained'])
})

test('a BREAK does not wait for a line that takes nothing, and what it discards is never sent', async context => {
  const line = fakeLine()
  const { log } = line
  const { out, told } = outgoing(context)
  // A target that BREAK wakes takes bytes again while it lasts.
  const { setBreak } = line
  line.setBreak = async on => {
    line.takes = true
    await setBreak(on)
  }
  out.useLine(line, CLOSED)
  out.push(ALICE, Buffer.from('sent '))
  line.takes = false
  out.push(ALICE, Buffer.from('x'.repeat(1000)))
  assert.equal(await out.interruptions.sendBreak(300, context.signal, BREAK), {
    done: true,
    drained: false,
    discardedBytes: 1000,
  })
  assert.is(out.waitingBytes(ALICE), 0)
  out.push(ALICE, Buffer.from('after'))
  await out.sent(ALICE, context.signal)
  assert.equal(log, ['sent ', 'discarded', 'break on', 'break off', 'after', 'drained'])
  // The second one: of what the adapter had already, some may be gone, too.
  assert.equal(told, ['alice lost 1000: break', 'alice lost 0: break'])
})

test('a BREAK is as long as asked', async context => {
  const line = fakeLine()
  const { out, clock } = outgoing(context)
  const atMs: number[] = []
  line.setBreak = async () => void atMs.push(clock.nowMs())
  out.useLine(line, CLOSED)
  await out.interruptions.sendBreak(700, context.signal, BREAK)
  const [on = 0, off = 0] = atMs
  assert.ok(off - on >= 700 && off - on < 800, `${off - on} ms`)
})

test('a session that ends while a BREAK waits loses its own input only', async context => {
  const line = fakeLine({ takes: false })
  const { log } = line
  const { out, told } = outgoing(context)
  out.useLine(line, CLOSED)
  out.push(ALICE, Buffer.from('alice'))
  out.push(BOB, Buffer.from('bob'))
  const sending = out.interruptions.sendBreak(300, context.signal, BREAK)
  await Promise.resolve()
  assert.is(out.discard(ALICE, { kind: 'left', text: '' }), 5)
  line.takes = true
  assert.ok((await sending).done)
  assert.equal(log, ['bob', 'drained', 'break on', 'break off'])
  assert.equal(told, ['alice lost 5: left'])
})

test('takes a BREAK back even when it failed to begin', async context => {
  const line = fakeLine()
  const { log } = line
  line.setBreak = async on => {
    log.push(on ? 'break on' : 'break off')
    if (on) throw new Error('no such thing')
  }
  const { out } = outgoing(context)
  out.useLine(line, CLOSED)
  assert.equal(await out.interruptions.sendBreak(300, context.signal, BREAK), { done: false, cause: 'no such thing' })
  assert.equal(log, ['drained', 'break on', 'break off'])
})

test('gives up a BREAK that a hung adapter does not begin, and takes it back when it begins late', async context => {
  const line = fakeLine()
  const { log } = line
  let begin = () => {}
  line.setBreak = async on => {
    if (on)
      await new Promise<void>(resolve => {
        begin = resolve
      })
    log.push(on ? 'break on' : 'break off')
  }
  const { out } = outgoing(context)
  out.useLine(line, CLOSED)
  const outcome = await out.interruptions.sendBreak(300, context.signal, BREAK)
  assert.is(outcome.done, false)
  assert.match(JSON.stringify(outcome), 'the line does not answer')
  begin()
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(log, ['drained', 'break on', 'break off'])
})

test('never sends on one line what waited for another', async context => {
  const dead = fakeLine({ takes: false })
  const next = fakeLine()
  const { out, told } = outgoing(context)
  out.useLine(dead, CLOSED)
  out.push(ALICE, Buffer.from('x'.repeat(1000)))
  out.useLine(undefined, CLOSED)
  out.useLine(next, CLOSED)
  out.push(ALICE, Buffer.from('new'))
  await out.sent(ALICE, context.signal)
  assert.equal(next.log, ['new', 'drained'])
  assert.equal(told, ['alice lost 1000: closed'])
})

test('stops after a write that fails, until the line is closed', async context => {
  const line = fakeLine()
  const { out, told } = outgoing(context)
  let writes = 0
  line.write = () => {
    writes++
    throw new Error('EIO')
  }
  out.useLine(line, CLOSED)
  out.push(ALICE, Buffer.from('abc'))
  await new Promise(resolve => setImmediate(resolve))
  assert.is(writes, 1)
  out.useLine(undefined, CLOSED)
  assert.equal(told, ['alice lost 3: closed'])
})

test('counts and discards what waits for each owner', async context => {
  const line = fakeLine({ takes: false })
  const { out, told } = outgoing(context)
  out.useLine(line, CLOSED)
  out.push(ALICE, Buffer.from('a'))
  out.push(ALICE, Buffer.from('bcd'))
  out.push(BOB, Buffer.from('ef'))
  assert.equal([out.waitingBytes(ALICE), out.waitingBytes(BOB)], [4, 2])
  assert.is(out.discard(ALICE, { kind: 'left', text: '' }), 4)
  assert.equal([out.waitingBytes(ALICE), out.waitingBytes(BOB)], [0, 2])
  assert.equal(told, ['alice lost 4: left'])
})

test('a take-over also discards what the adapter holds, and nothing typed after it', async context => {
  const line = fakeLine()
  const { log } = line
  const { out, told } = outgoing(context)
  let discarded = () => {}
  line.discard = () =>
    new Promise<void>(resolve => {
      discarded = resolve
    })
  out.useLine(line, CLOSED)
  out.push(ALICE, Buffer.from('sent '))
  line.takes = false
  out.push(ALICE, Buffer.from('waits'))
  assert.is(out.discardWithHeld(ALICE, { kind: 'taken-over', text: '' }), 5)
  line.takes = true
  out.push(BOB, Buffer.from('bob'))
  assert.equal(log, ['sent '])
  discarded()
  assert.ok(await out.sent(BOB, context.signal))
  assert.equal(log, ['sent ', 'bob', 'drained'])
  assert.equal(told, ['alice lost 5: taken-over', 'alice lost 0: taken-over'])
})

test('a take-over discards nothing when no byte waits', async context => {
  const line = fakeLine()
  const { log } = line
  const { out, told } = outgoing(context)
  out.useLine(line, CLOSED)
  out.push(ALICE, Buffer.from('sent'))
  assert.is(out.discardWithHeld(ALICE, { kind: 'taken-over', text: '' }), 0)
  assert.equal([log, told], [['sent'], []])
})

test('reports that a line is held and that it is free again; a wait for it gives up', async context => {
  const line = fakeLine({ takes: false })
  const { out, told } = outgoing(context)
  out.useLine(line, CLOSED)
  out.push(ALICE, Buffer.from('reload'))
  assert.not(await out.sent(ALICE, context.signal))
  assert.equal(told, ['held'])
  line.takes = true
  assert.ok(await out.sent(ALICE, context.signal))
  assert.equal(told, ['held', 'free again'])
})

test('gives up when the adapter took everything and sends nothing', async context => {
  const line = fakeLine()
  const { out } = outgoing(context)
  line.drain = () => new Promise(() => {})
  out.useLine(line, CLOSED)
  out.push(ALICE, Buffer.from('reload'))
  assert.not(await out.sent(ALICE, context.signal))
})

test('refuses a BREAK without a line', async context => {
  const { out } = outgoing(context)
  assert.equal(await out.interruptions.sendBreak(300, context.signal, BREAK), {
    done: false,
    cause: 'the line is closed',
  })
})

test.run()
