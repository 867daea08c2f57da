import { getEventListeners } from 'node:events'
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { FakeClock } from './testing/fake-clock.ts'
import { Broadcast, type Reason, Wake } from './wake.ts'

const test = suite('wake')

function waiting(ms: number, signal = new AbortController().signal) {
  const clock = new FakeClock()
  const wake = new Wake(clock)
  const wait = async () => {
    const reasons = await wake.wait(ms, signal)
    return { reasons: [...reasons], atMs: clock.nowMs() }
  }
  return { clock, wake, wait }
}

test('waits its time, without a reason', async () => {
  const { clock, wait } = waiting(5_000)
  const found = wait()
  await clock.runUntil(10_000)
  assert.equal(await found, { reasons: [], atMs: 5_000 })
})

test('is woken, and gives each reason once', async () => {
  const { clock, wake, wait } = waiting(5_000)
  const found = wait()
  clock.at(1_000, () => {
    wake.notify('network')
    wake.notify('test')
    wake.notify('network')
  })
  await clock.runUntil(2_000)
  assert.equal(await found, { reasons: ['network', 'test'], atMs: 1_000 })
  const next = wait()
  await clock.runUntil(10_000)
  assert.equal(await next, { reasons: [], atMs: 7_000 })
  assert.is(clock.sleeping, 0)
})

test('a reason given while nobody waits ends the next wait at once', async () => {
  const { wake, wait } = waiting(5_000)
  wake.notify('local')
  assert.equal(await wait(), { reasons: ['local'], atMs: 0 })
})

test('ends when aborted, also before, and does not wait for nothing', async () => {
  const over = new AbortController()
  const { clock, wait } = waiting(5_000, over.signal)
  const found = wait()
  over.abort()
  assert.equal(await found, { reasons: [], atMs: 0 })
  assert.equal(await wait(), { reasons: [], atMs: 0 })
  assert.is(clock.sleeping, 0)
  assert.equal(await waiting(0).wait(), { reasons: [], atMs: 0 })
})

test('leaves no listener behind on the signal', async () => {
  const { signal } = new AbortController()
  const { clock, wait } = waiting(5_000, signal)
  const found = wait()
  await clock.runUntil(10_000)
  await found
  assert.is(getEventListeners(signal, 'abort').length, 0)
})

test('everybody who has subscribed is told, and nobody who has left', () => {
  const events = new Broadcast()
  const heard: string[] = []
  const leave = events.subscribe((reason: Reason) => {
    heard.push(`one ${reason}`)
    leave()
  })
  events.subscribe((reason: Reason) => heard.push(`two ${reason}`))
  events.notify('network')
  events.notify('test')
  assert.equal(heard, ['one network', 'two network', 'two test'])
})

test.run()
