import type { Duplex } from 'node:stream'
import * as assert from 'uvu/assert'
import type { Clock } from '../runtime/clock.ts'
import { suite } from '../testbed/suite.ts'
import { interleave } from './names.ts'
import { Race } from './race.ts'

const test = suite('race')

/** A clock that goes when it is told to. */
function fakeClock() {
  let nowMs = 0
  const sleepers: { atMs: number; wake(): void }[] = []
  const clock: Clock = {
    wallMs: () => nowMs,
    nowMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise(resolve => {
        sleepers.push({ atMs: nowMs + ms, wake: resolve })
        signal.addEventListener('abort', () => resolve())
      }),
  }
  const advance = async (ms: number) => {
    nowMs += ms
    for (const sleeper of sleepers.filter(({ atMs }) => atMs <= nowMs)) sleeper.wake()
    await new Promise(resolve => setImmediate(resolve))
  }
  return { clock, advance }
}

function race() {
  const { clock, advance } = fakeClock()
  const over = new AbortController()
  const started: string[] = []
  const destroyed: string[] = []
  const finish = new Map<string, (good: boolean) => void>()
  const made = new Race(
    address => {
      started.push(address)
      return new Promise(resolve => {
        const stream = { destroy: () => destroyed.push(address) } as unknown as Duplex
        finish.set(address, good => resolve(good ? { stream, localAddress: '' } : undefined))
      })
    },
    clock,
    over.signal,
  )
  const end = async (address: string, good: boolean) => {
    finish.get(address)?.(good)
    await advance(0)
  }
  return { race: made, advance, started, destroyed, end, over }
}

test('starts each address 250 ms after the one before, and gives none up for that', async () => {
  const { race: made, advance, started, destroyed, end } = race()
  made.add(['a', 'b', 'c', 'a'])
  made.finish()
  assert.equal(started, ['a'])
  await advance(249)
  assert.equal(started, ['a'])
  await advance(1)
  assert.equal(started, ['a', 'b'])
  await end('a', true)
  assert.is((await made.result)?.address, 'a')
  await advance(1_000)
  assert.equal(started, ['a', 'b'], 'nobody new once it is decided')
  await end('b', true)
  assert.equal(destroyed, ['b'])
})

test('a failure starts the next at once, and only that one', async () => {
  const { race: made, advance, started, end } = race()
  made.add(['a', 'b', 'c'])
  made.finish()
  await advance(100)
  await end('a', false)
  assert.equal(started, ['a', 'b'])
  await advance(150)
  assert.equal(started, ['a', 'b'], 'the pause after the first is no more')
  await advance(100)
  assert.equal(started, ['a', 'b', 'c'])
  await end('b', false)
  await end('c', false)
  assert.is(await made.result, undefined)
})

test('takes addresses that come later, and ends only when no more come', async () => {
  const { race: made, advance, started, end } = race()
  made.add(['old'])
  await end('old', false)
  await advance(5_000)
  made.add(['new', 'old'])
  assert.equal(started, ['old', 'new'])
  made.finish()
  await end('new', true)
  assert.is((await made.result)?.address, 'new')
})

test('without an address there is no winner', async () => {
  const { race: made } = race()
  made.add([])
  made.finish()
  assert.is(await made.result, undefined)
})

test('what greets when nobody wants it any more is closed', async () => {
  const { race: made, advance, started, destroyed, end, over } = race()
  made.add(['a', 'b'])
  made.finish()
  over.abort()
  await advance(250)
  await end('a', true)
  assert.equal(destroyed, ['a'])
  assert.equal(started, ['a'])
})

test('families take turns, beginning with the first', () => {
  assert.equal(interleave(['::1', '::2', '::3', '1.1.1.1']), ['::1', '1.1.1.1', '::2', '::3'])
  assert.equal(interleave(['1.1.1.1', '::1', '::2', '::3']), ['1.1.1.1', '::1', '::2', '::3'])
  assert.equal(interleave(['1.1.1.1', '2.2.2.2']), ['1.1.1.1', '2.2.2.2'])
  assert.equal(interleave([]), [])
})

test.run()
