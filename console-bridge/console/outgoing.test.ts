import * as assert from 'uvu/assert'
import type { Clock } from '../../runtime/clock.ts'
import { suite } from '../../tools/suite.ts'
import type { Line } from '../line/line.ts'
import { Outgoing } from './outgoing.ts'

const test = suite('outgoing')
const ALICE = { name: 'alice' }
const BOB = { name: 'bob' }

/** A line that writes down what happens to it, and takes bytes only while `takes` is true. */
function fakeLine(takes = true) {
  const log: string[] = []
  const line: Line = {
    write: bytes => {
      log.push(bytes.toString())
      return takes ? Promise.resolve() : new Promise(() => {})
    },
    drain: async () => void log.push('drained'),
    setBreak: async on => void log.push(on ? 'break on' : 'break off'),
    close: async () => {},
  }
  return { line, log }
}

/** A clock whose sleeps are over at once, and counted. */
function quickClock() {
  let nowMs = 0
  const clock: Clock = {
    wallMs: () => nowMs,
    nowMs: () => nowMs,
    sleep: async ms => {
      await new Promise(resolve => setImmediate(resolve))
      nowMs += ms
    },
  }
  return clock
}

function outgoing() {
  return new Outgoing(quickClock(), { onSent: () => {}, onRoom: () => {} })
}

test('sends in order, whoever typed it, in small pieces', async context => {
  const { line, log } = fakeLine()
  const out = outgoing()
  out.useLine(line)
  out.push(ALICE, Buffer.from('x'.repeat(300)))
  out.push(BOB, Buffer.from('y'))
  await out.quiet(context.signal)
  assert.equal(log, ['x'.repeat(256), 'x'.repeat(44), 'y'])
})

test('what was typed before a BREAK goes before it, and what is typed during it after it', async context => {
  const { line, log } = fakeLine()
  const out = outgoing()
  out.useLine(line)
  out.push(ALICE, Buffer.from('before'))
  const outcome = out.sendBreak(300, context.signal)
  await Promise.resolve()
  out.push(ALICE, Buffer.from('during'))
  assert.equal(await outcome, { sent: true, drained: true, discardedBytes: 0 })
  await out.quiet(context.signal)
  assert.equal(log, ['before', 'drained', 'break on', 'break off', 'during'])
})

test('a BREAK does not wait for a line that takes nothing, and says what it discarded', async context => {
  const { line, log } = fakeLine(false)
  const out = outgoing()
  out.useLine(line)
  out.push(ALICE, Buffer.from('x'.repeat(1000)))
  assert.equal(await out.sendBreak(300, context.signal), { sent: true, drained: false, discardedBytes: 744 })
  assert.equal(log.slice(1), ['break on', 'break off'])
  assert.is(out.waitingBytes(ALICE), 0)
})

test('takes a BREAK back also when it could not be begun', async context => {
  const { line, log } = fakeLine()
  const failing: Line = {
    ...line,
    setBreak: async on => {
      log.push(on ? 'break on' : 'break off')
      if (on) throw new Error('no such thing')
    },
  }
  const out = outgoing()
  out.useLine(failing)
  assert.equal(await out.sendBreak(300, context.signal), { sent: false, cause: 'no such thing' })
  assert.equal(log, ['drained', 'break on', 'break off'])
})

test('sends nothing that waited for one line on the next', async context => {
  const dead = fakeLine(false)
  const next = fakeLine()
  const out = outgoing()
  out.useLine(dead.line)
  out.push(ALICE, Buffer.from('x'.repeat(1000)))
  out.useLine(undefined)
  out.useLine(next.line)
  out.push(ALICE, Buffer.from('new'))
  await out.quiet(context.signal)
  assert.equal(next.log, ['new'])
})

test('counts and discards what waits for each owner', async () => {
  const { line } = fakeLine(false)
  const out = outgoing()
  out.useLine(line)
  out.push(ALICE, Buffer.from('a'))
  out.push(ALICE, Buffer.from('bcd'))
  out.push(BOB, Buffer.from('ef'))
  assert.equal([out.waitingBytes(ALICE), out.waitingBytes(BOB)], [3, 2])
  assert.is(out.discard(ALICE), 3)
  assert.equal([out.waitingBytes(ALICE), out.waitingBytes(BOB)], [0, 2])
})

test('says so when there is no line', async context => {
  assert.equal(await outgoing().sendBreak(300, context.signal), { sent: false, cause: 'the line is closed' })
})

test.run()
