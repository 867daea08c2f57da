import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { FakeClock } from '../loop/testing/fake-clock.ts'
import { type Answers, ScriptedConnection, says } from '../ssh/testing/scripted-connection.ts'
import { cancelListeners, type RequestOptions, requestListeners } from './request-listeners.ts'

const test = suite('request-listeners')

const ROUTES = [
  { name: 'shell', listener: 20_100, target: 22 },
  { name: 'console', listener: 20_101, target: 2_222 },
] as const
const ever = () => new AbortController().signal

async function request(answers: Answers, changes: Partial<RequestOptions> = {}) {
  const clock = new FakeClock()
  const connection = new ScriptedConnection(answers)
  const evicted: number[] = []
  const asking = requestListeners(connection, {
    ...{ routes: ROUTES, mayEvict: true, clock, signal: ever(), onEvicted: count => evicted.push(count) },
    ...changes,
  })
  await clock.runUntil(60_000)
  return { failure: await asking, asked: connection.asked, evicted, sleeping: clock.sleeping }
}

/** Refused so many times, then granted. */
function refuses(times: number) {
  let left = times
  return () => (left-- > 0 ? 'refused' : 'granted')
}

test('asks for each listener once where each is granted', async () => {
  const { failure, asked } = await request({ listen: () => 'granted' })
  assert.is(failure, undefined)
  assert.equal(asked, ['listen 20100', 'listen 20101'])
})

test('evicts where one is refused, and asks again until it is granted', async () => {
  const { failure, asked, evicted } = await request({ listen: refuses(3), 'exec evict': () => says('evicted 2\n') })
  assert.is(failure, undefined)
  assert.equal(evicted, [2])
  const again = Array.from({ length: 3 }, () => 'listen 20100')
  assert.equal(asked, ['listen 20100', 'exec evict', ...again, 'listen 20101'])
})

test('a session that was told to end, and holds its listener still after twenty tries, is stale', async () => {
  const { failure, asked, sleeping } = await request({
    listen: () => 'refused',
    'exec evict': () => says('evicted 1\n'),
  })
  assert.is(failure?.state, 'stale')
  assert.match(failure?.cause ?? '', '127.0.0.1:20100 (shell)')
  assert.is(asked.length, 1 + 1 + 20)
  assert.is(sleeping, 0)
})

test('what is refused and has nobody to evict is refused after one more try', async () => {
  const { failure, asked, evicted } = await request({
    listen: () => 'refused',
    'exec evict': () => says('evicted 0\n'),
  })
  assert.is(failure?.state, 'refused')
  assert.match(failure?.cause ?? '', 'this key may not use it, or another program on the relay holds it')
  assert.equal(asked, ['listen 20100', 'exec evict', 'listen 20100'])
  assert.equal(evicted, [])
})

test('nobody is evicted where that is not allowed', async () => {
  const { failure, asked } = await request({ listen: () => 'refused' }, { mayEvict: false })
  assert.is(failure?.state, 'refused')
  assert.match(failure?.cause ?? '', 'does not say which')
  assert.equal(asked, ['listen 20100'])
})

test('a relay that stops answering is no relay: at the first question, at the eviction, after it', async () => {
  const first = await request({ listen: () => 'unanswered' })
  assert.match(first.failure?.cause ?? '', 'the request for the listeners')
  const evicting = await request({ listen: () => 'refused', exec: () => ({ ok: false, cause: 'it hangs' }) })
  assert.match(evicting.failure?.cause ?? '', 'while it ended old sessions')
  let count = 0
  const after = await request({
    listen: () => (count++ === 0 ? 'refused' : 'unanswered'),
    exec: () => says('evicted 1\n'),
  })
  assert.match(after.failure?.cause ?? '', 'the request for the listeners')
  for (const { failure } of [first, evicting, after]) assert.is(failure?.state, 'no-relay')
})

test('ends when aborted: while it asks, between two tries, and before', async () => {
  const before = await request({ listen: () => 'granted' }, { signal: AbortSignal.abort() })
  assert.is(before.failure?.state, 'no-relay')

  for (const listen of [() => undefined, () => 'refused']) {
    const clock = new FakeClock()
    const over = new AbortController()
    const connection = new ScriptedConnection({ listen, exec: () => says('evicted 1\n') })
    const options = { routes: ROUTES, mayEvict: true, clock, signal: over.signal, onEvicted: () => {} }
    const asking = requestListeners(connection, options)
    await clock.runUntil(400)
    const asked = connection.asked.length
    over.abort()
    assert.ok(await asking)
    await clock.runUntil(10_000)
    assert.is(connection.asked.length, asked, 'it asks no more')
    assert.is(clock.sleeping, 0)
  }
})

test('gives back each listener, and says whether all are gone', async () => {
  const cancel = (answer: (port: string) => unknown, wasAsked = false, signal = ever()) => {
    const connection = new ScriptedConnection({ unlisten: answer })
    return { connection, isFree: cancelListeners(connection, ROUTES, { wasAsked, signal }) }
  }
  const gone = cancel(() => 'cancelled')
  assert.ok(await gone.isFree)
  assert.equal(gone.connection.asked, ['unlisten 20100', 'unlisten 20101'])
  const one = (port: string) => (port.endsWith('0') ? 'cancelled' : 'refused')
  assert.not(await cancel(one).isFree)
  assert.ok(await cancel(one, true).isFree, 'what was asked for before may be gone already')
  assert.not(await cancel(() => 'unanswered', true).isFree)
  assert.not(await cancel(() => 'cancelled', true, AbortSignal.abort()).isFree)
})

test.run()
