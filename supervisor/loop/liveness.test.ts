import * as assert from 'uvu/assert'
import { silentLog } from '../../runtime/log.ts'
import { suite } from '../../testbed/suite.ts'
import { ScriptedConnection } from '../ssh/testing/scripted-connection.ts'
import { type LifeEnding, silentMaxMs, watchLife } from './liveness.ts'
import { Progress } from './progress.ts'
import { FakeClock } from './testing/fake-clock.ts'
import { Broadcast } from './wake.ts'

const test = suite('liveness')

const PING_MS = 15_000
const ADDRESS = '192.0.2.1'

/** A life that is watched, with pings that take 40 ms until the test says otherwise. */
function watching({
  rescue,
  over = new AbortController(),
}: {
  rescue?: () => Promise<string | undefined>
  over?: AbortController
} = {}) {
  const clock = new FakeClock()
  const events = new Broadcast()
  const progress = new Progress(clock)
  const addresses = new Set([ADDRESS])
  const scene = {
    clock,
    events,
    progress,
    addresses,
    over,
    /** Milliseconds of a ping; undefined is silence. */
    pingMs: 40 as number | undefined,
    aliveMs: [] as number[],
    gone: [] as string[],
    rescuedAtMs: [] as number[],
    discarded: [] as (string | undefined)[],
    pingsAtMs: [] as number[],
    ending: undefined as LifeEnding<string> | undefined,
    endedAtMs: undefined as number | undefined,
    rescueSignal: undefined as AbortSignal | undefined,
    connection: new ScriptedConnection(),
  }
  scene.connection.answers.ping = () => {
    scene.pingsAtMs.push(clock.nowMs())
    const ms = scene.pingMs
    if (ms === undefined) return undefined
    return clock.sleep(ms, new AbortController().signal).then(() => {
      scene.connection.active = { ...scene.connection.active, receivedAtMs: clock.nowMs() }
      return ms
    })
  }
  void watchLife(scene.connection, {
    ...{ clock, events, log: silentLog, pingMs: () => PING_MS, over: over.signal, progress: progress.track('life') },
    network: { linkUp: () => addresses.size > 0, hasAddress: address => addresses.has(address) },
    onAlive: atMs => scene.aliveMs.push(atMs),
    onAddress: gone => scene.gone.push(`${clock.nowMs()} ${gone ? 'gone' : 'back'}`),
    rescue: signal => {
      scene.rescuedAtMs.push(clock.nowMs())
      scene.rescueSignal = signal
      return rescue ? rescue() : new Promise(() => {})
    },
    discard: late => scene.discarded.push(late),
  }).then(ending => {
    scene.ending = ending
    scene.endedAtMs = clock.nowMs()
  })
  return scene
}

test('asks once in each interval of silence, and tells each sign of life', async () => {
  const scene = watching()
  await scene.clock.runUntil(60_000)
  assert.equal(scene.pingsAtMs, [15_000, 30_040, 45_080])
  assert.is(scene.aliveMs.at(-1), 45_120)
  assert.equal(scene.rescuedAtMs, [])
  assert.equal(scene.progress.stuck, [])
  assert.is(scene.ending, undefined)
})

test('what is received puts the ping off', async () => {
  const scene = watching()
  for (let second = 1; second < 60; second++) {
    scene.clock.at(second * 1_000, () => {
      scene.connection.active = { ...scene.connection.active, receivedAtMs: second * 1_000 }
    })
  }
  await scene.clock.runUntil(60_000)
  assert.equal(scene.pingsAtMs, [])
})

test('what is still to be sent, and grows less, is a sign of life; what only grows is none', async () => {
  for (const [unsent, isAlive] of [
    [[1_000, 900, 800, 700], true],
    [[1_000, 1_100, 1_200, 1_300], false],
  ] as const) {
    const scene = watching()
    scene.pingMs = undefined
    unsent.forEach((unsentBytes, index) => {
      scene.clock.at(14_000 + index * 10_000, () => {
        scene.connection.active = { ...scene.connection.active, unsentBytes }
      })
    })
    await scene.clock.runUntil(46_000)
    assert.is(scene.ending === undefined, isAlive)
  }
})

test('a ping that is not answered for three seconds makes it suspect: a new connection is tried, nothing is cut', async () => {
  const scene = watching()
  scene.pingMs = undefined
  await scene.clock.runUntil(17_999)
  assert.equal(scene.rescuedAtMs, [])
  await scene.clock.runUntil(18_500)
  assert.equal(scene.rescuedAtMs, [18_000])
  assert.is(scene.ending, undefined)
  assert.not(scene.connection.closed.aborted)
})

test('a slow line is suspect after four of its round trips, and not after three seconds', async () => {
  const scene = watching()
  scene.pingMs = 2_000
  await scene.clock.runUntil(20_000)
  scene.pingMs = undefined
  await scene.clock.runUntil(60_000)
  assert.equal(scene.pingsAtMs, [15_000, 32_000])
  assert.equal(scene.rescuedAtMs, [40_000])
})

test('when the old connection answers first, the new one is not wanted, and closed when it comes', async () => {
  let bring: (found: string) => void = () => {}
  const scene = watching({
    rescue: () =>
      new Promise(resolve => {
        bring = resolve
      }),
  })
  scene.pingMs = 6_000
  await scene.clock.runUntil(22_000)
  assert.is(scene.ending, undefined)
  assert.ok(scene.rescueSignal?.aborted)
  bring('late')
  await scene.clock.runUntil(23_000)
  assert.equal(scene.discarded.filter(Boolean), ['late'])
  assert.is(scene.ending, undefined)
})

test('anything that is received while a ping is waited for is an answer: nothing is tried beside it', async () => {
  const scene = watching()
  scene.pingMs = undefined
  scene.clock.at(17_000, () => {
    scene.connection.active = { ...scene.connection.active, receivedAtMs: 17_000 }
  })
  await scene.clock.runUntil(31_000)
  assert.equal(scene.rescuedAtMs, [])
})

test('anything that is received while it is suspect is an answer', async () => {
  const scene = watching()
  scene.pingMs = undefined
  scene.clock.at(20_000, () => {
    scene.connection.active = { ...scene.connection.active, receivedAtMs: 20_000 }
  })
  await scene.clock.runUntil(34_000)
  assert.ok(scene.rescueSignal?.aborted)
  assert.is(scene.ending, undefined)
})

test('when the new one is logged in and the old one still silent, it is replaced', async () => {
  const scene = watching({ rescue: async () => 'new' })
  scene.pingMs = undefined
  await scene.clock.runUntil(30_000)
  assert.equal(scene.ending, { kind: 'replaced', by: 'new' })
  assert.is(scene.endedAtMs, 18_000)
  assert.equal(scene.discarded.filter(Boolean), [])
  assert.is(scene.clock.sleeping, 0)
})

test('without a new one it is given up 30 s after the ping was due', async () => {
  for (const rescue of [undefined, async () => undefined, () => Promise.reject(new Error('defect'))]) {
    const scene = watching(rescue && { rescue })
    scene.pingMs = undefined
    await scene.clock.runUntil(44_999)
    assert.is(scene.ending, undefined)
    await scene.clock.runUntil(60_000)
    assert.equal(scene.ending, { kind: 'lost', cause: 'the relay no longer answers' })
    assert.is(scene.endedAtMs, 45_000)
    assert.is(scene.clock.sleeping, 0)
    assert.equal(scene.progress.stuck, [])
  }
})

test('an event of the network asks at once, and any other does not', async () => {
  const scene = watching()
  scene.clock.at(5_000, () => scene.events.notify('network'))
  scene.clock.at(8_000, () => scene.events.notify('test'))
  await scene.clock.runUntil(14_000)
  assert.equal(scene.pingsAtMs, [5_000])
})

test('an address that is gone is told at once, and asks nobody; back within 30 s, it is asked at once', async () => {
  const scene = watching()
  scene.clock.at(5_000, () => {
    scene.addresses.clear()
    scene.events.notify('network')
  })
  scene.clock.at(9_000, () => {
    scene.addresses.add(ADDRESS)
    scene.events.notify('network')
  })
  await scene.clock.runUntil(8_000)
  assert.equal(scene.gone, ['5000 gone'])
  assert.equal(scene.pingsAtMs, [])
  await scene.clock.runUntil(10_000)
  assert.equal(scene.gone, ['5000 gone', '9040 back'], 'with the answer')
  assert.equal(scene.pingsAtMs, [9_000])
  assert.is(scene.ending, undefined)
})

test('an address that goes while a ping is waited for is told at once, too', async () => {
  const scene = watching()
  scene.pingMs = undefined
  for (const atMs of [16_000, 20_000]) {
    scene.clock.at(atMs, () => {
      if (!scene.addresses.delete(ADDRESS)) scene.addresses.add(ADDRESS)
      scene.events.notify('network')
    })
  }
  await scene.clock.runUntil(21_000)
  assert.equal(scene.gone, ['16000 gone'], 'nothing has come back yet')
  scene.connection.active = { ...scene.connection.active, receivedAtMs: 22_000 }
  await scene.clock.runUntil(24_000)
  assert.match(scene.gone.join(), /^16000 gone,2[23]\d+ back$/)
})

test('an address that does not come back for 30 s ends it, another one at once', async () => {
  for (const [another, endsAtMs] of [
    [undefined, 35_000],
    ['192.0.2.9', 12_000],
  ] as const) {
    const scene = watching()
    scene.clock.at(5_000, () => {
      scene.addresses.clear()
      scene.events.notify('network')
    })
    scene.clock.at(12_000, () => {
      if (another !== undefined) scene.addresses.add(another)
      scene.events.notify('network')
    })
    await scene.clock.runUntil(60_000)
    assert.equal(scene.ending, { kind: 'lost', cause: `the address ${ADDRESS} is gone from this device` })
    assert.is(scene.endedAtMs, endsAtMs)
    assert.equal(scene.gone, ['5000 gone'])
  }
})

test('is over when it is told so: while it waits, while it asks, while it is suspect, while the address is gone, and before', async () => {
  for (const atMs of [5_000, 16_000, 20_000, undefined, 0]) {
    const over = new AbortController()
    if (atMs === 0) over.abort()
    const scene = watching({ over })
    scene.pingMs = undefined
    if (atMs === undefined) scene.addresses.clear()
    if (atMs === undefined) scene.events.notify('network')
    if (atMs !== 0) scene.clock.at(atMs ?? 7_000, () => over.abort())
    await scene.clock.runUntil(atMs ?? 7_000)
    await scene.clock.runUntil((atMs ?? 7_000) + 1)
    assert.equal(scene.ending, { kind: 'over' }, String(atMs))
    assert.is(scene.clock.sleeping, 0, String(atMs))
    await scene.clock.runUntil(200_000)
    assert.equal(scene.progress.stuck, [], 'it is not missed')
    scene.events.notify('network')
  }
})

test('a tunnel counts as silent a third of its interval after its ping was due, five seconds at the least', () => {
  assert.is(silentMaxMs(15_000), 20_000)
  assert.is(silentMaxMs(60_000), 80_000)
})

test.run()
