import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { Orders } from '../tunnel/orders.ts'
import { DRAIN_MAX_MS, drain } from './drain.ts'
import { testContext } from './testing/context.ts'
import { FakeRun } from './testing/fake-run.ts'

const test = suite('drain')
const DAY_MS = 24 * 3_600_000

function draining(run = new FakeRun(), stopping = new AbortController()) {
  const context = testContext({ signal: stopping.signal })
  const { clock } = context
  let farewells = 0
  const said: string[] = []
  let isDone = false
  const orders = new Orders(context.config.relays, clock)
  const farewell = async () => farewells++
  const tell = async (text: string) => said.push(text)
  void drain(run, context, { orders, longestMs: DRAIN_MAX_MS, farewell, tell }).then(() => {
    isDone = true
  })
  return { run, clock, orders, stopping, farewells: () => farewells, said, isDone: () => isDone }
}

/** Somebody in the shell and somebody on a console. */
function withPeople(): FakeRun {
  const run = new FakeRun()
  run.people = { shell: 1, console: 1 }
  return run
}

test('an empty tunnel gives its listeners back and closes at once', async () => {
  const { run, clock, isDone, farewells } = draining()
  await clock.runUntil(1)
  assert.ok(isDone())
  assert.equal(run.connection.asked, ['unlisten 20100', 'unlisten 20101'])
  assert.equal(run.done, ['retire', 'stop'])
  assert.is(farewells(), 0)
})

test('it lives until the last one has left, whether from the shell or a console', async () => {
  for (const last of [
    { shell: 1, console: 0 },
    { shell: 0, console: 1 },
  ]) {
    const { run, clock } = draining(withPeople())
    await clock.runUntil(3_600_000)
    assert.equal(run.done, ['retire'])
    assert.is(run.connection.asked.length, 2, 'nobody new comes by it')
    run.people = last
    await clock.runUntil(7_200_000)
    assert.equal(run.done, ['retire'])
    run.people = { shell: 0, console: 0 }
    await clock.runUntil(7_206_000)
    assert.equal(run.done, ['retire', 'stop'])
    assert.is(clock.sleeping, 0)
  }
})

test('listeners that the relay did not give back are cancelled until it says so', async () => {
  const run = withPeople()
  run.connection.answers.unlisten = () => undefined
  const { clock } = draining(run)
  await clock.runUntil(3 * 60_000)
  run.connection.answers.unlisten = () => 'cancelled'
  await clock.runUntil(4 * 60_000)
  const asked = run.connection.asked.length
  assert.ok(asked >= 8, `asked ${asked} times`)
  await clock.runUntil(10 * 60_000)
  assert.is(run.connection.asked.length, asked)
  assert.equal(run.done, ['retire'])
})

test('after a day who is still in is told, and it closes', async () => {
  const run = withPeople()
  run.closing = async (farewell, signal) => {
    await farewell(signal)
    return true
  }
  const { clock, farewells, said } = draining(run)
  await clock.runUntil(DAY_MS - 1)
  assert.equal(run.done, ['retire'])
  await clock.runUntil(DAY_MS + 10_000)
  assert.equal(run.done, ['retire', 'close', 'stop'])
  // Those who came by the relay that the device is at now stay.
  assert.is(farewells(), 0)
  assert.equal(said.length, 1)
  assert.match(
    said[0] ?? '',
    /^the tunnel to a:443, which this device left long ago, closes: sessions by that relay end/,
  )
})

test('a relay that answers nothing holds nothing up', async () => {
  const run = withPeople()
  run.connection.answers.unlisten = () => undefined
  run.closing = () => new Promise(() => {})
  const { clock, isDone } = draining(run)
  await clock.runUntil(DAY_MS + 60_000)
  assert.ok(isDone())
  assert.equal(run.done, ['retire', 'close', 'stop'])
})

test('it is over with its connection, also before the call', async () => {
  const { run, clock, isDone } = draining(withPeople())
  await clock.runUntil(60_000)
  run.connection.destroy()
  await clock.runUntil(60_001)
  assert.ok(isDone())
  assert.is(run.done.at(-1), 'stop')
  const closed = withPeople()
  closed.connection.destroy()
  const before = draining(closed)
  await before.clock.runUntil(1)
  assert.ok(before.isDone())
})

test('it is over when the supervisor ends, without a farewell of its own, also before the call', async () => {
  const stopping = new AbortController()
  const { run, clock, isDone, farewells } = draining(withPeople(), stopping)
  await clock.runUntil(60_000)
  stopping.abort()
  await clock.runUntil(66_000)
  assert.ok(isDone())
  assert.equal(run.done, ['retire', 'stop'])
  assert.is(farewells(), 0)
  const before = draining(withPeople(), stopping)
  await before.clock.runUntil(1)
  assert.ok(before.isDone())
})

test('who switches access off ends the sessions on the old tunnel, too', async () => {
  const people = withPeople()
  people.closing = async (farewell, signal) => {
    await farewell(signal)
    return true
  }
  const { run, clock, orders, farewells, said } = draining(people)
  await clock.runUntil(60_000)
  assert.equal(run.done, ['retire'])
  orders.maintenance({ type: 'maintenance', off: true })
  await clock.runUntil(60_001)
  assert.equal(run.done, ['retire', 'close', 'stop'])
  assert.equal([farewells(), said], [1, []])
})

test.run()
