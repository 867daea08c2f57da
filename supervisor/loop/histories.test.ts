import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { type FaultName, type History, live } from './testing/history.ts'
import { SimulatedDevice } from './testing/simulated-device.ts'
import { type RelayModel, World } from './testing/world.ts'

const test = suite('histories of the simulated world')

/** Seconds of the beginning and of the length of each fault; the relay that it is about. */
type Row = readonly [title: string, relays: number, ...faults: [FaultName, number, number, number?][]]

const ROWS: Row[] = [
  ['nothing happens', 1],
  ['the own address changes, and again 8 s later', 1, ['another address', 100, 0], ['another address', 108, 0]],
  ['the path forgets its flows just after a self-test', 1, ['the path is silent and forgets its flows', 3, 60]],
  [
    'no name and a self-test is due',
    1,
    ['the name is not served', 100, 400],
    ['somebody asks for a self-test', 120, 0],
  ],
  [
    'new connections are dropped and a self-test is due',
    1,
    ['new connections are dropped', 100, 400],
    ['somebody asks for a self-test', 120, 0],
  ],
  ['the bridge is stopped', 1, ['the bridge is stopped', 100, 130]],
  ['sshd is stopped, then the bridge, too', 1, ['sshd is stopped', 100, 130], ['the bridge is dead', 150, 100]],
  ['the only relay forwards nothing for a time', 1, ['the relay forwards nothing', 100, 500]],
  [
    'the key is refused for seven minutes',
    1,
    ['the relay does not accept the key', 100, 420],
    ['the connections are reset', 101, 0],
  ],
  [
    'the key is refused for an hour',
    1,
    ['the relay does not accept the key', 100, 3_600],
    ['the connections are reset', 101, 0],
  ],
  ['the relay refuses for a minute', 1, ['the relay refuses', 100, 60], ['the connections are reset', 101, 0]],
  ['the relay turns away for a minute', 1, ['the relay turns away', 100, 60], ['the connections are reset', 101, 0]],
  ['the path is silent for three minutes', 1, ['the path is silent', 100, 180]],
  ['the address goes and comes back', 1, ['the address is gone', 100, 10]],
  ['the address is gone for a minute and a half', 1, ['the address is gone', 100, 90]],
  ['maintenance is off for a time', 1, ['maintenance is off', 100, 200]],
  ['the network flaps every second', 1, ...flaps(100, 60)],
  ['somebody asks for a self-test again and again', 1, ...asks(100, 90)],
]

for (const [title, relays, ...faults] of ROWS) {
  test(`ready when all is over: ${title}`, async () => {
    assert.is(await live(historyOf(relays, faults)), undefined)
  })
}

const EVER_S = Number.POSITIVE_INFINITY

/** Nobody who is in is cut for these, and the tunnel proves itself again where it was not proved meanwhile. */
const KEPT: Row[] = [
  ['no name, and a self-test is due', 1, ['the name is not served', 100, 400], ...asks(120, 200)],
  [
    'new connections are dropped, and a self-test is due',
    1,
    ['new connections are dropped', 100, 400],
    ...asks(120, 200),
  ],
  ['new connections are refused, and a self-test is due', 2, ['the relay refuses', 100, 400, 0], ...asks(120, 200)],
  ['the bridge is stopped', 1, ['the bridge is stopped', 100, 400]],
  ['the bridge is dead', 2, ['the bridge is dead', 100, 400]],
  ['sshd is stopped', 2, ['sshd is stopped', 100, 400]],
  ['the cable is plugged in again', 1, ['the address is gone', 100, 10]],
  ['the path is silent for a moment', 1, ['the path is silent', 100, 12]],
  ['the network says that it changed, and did not', 1, ...flaps(100, 60)],
]

for (const [title, relays, ...faults] of KEPT) {
  test(`the tunnel is kept: ${title}`, async () => {
    assert.is(await live({ ...historyOf(relays, faults), keepsTunnel: true }), undefined)
  })
}

/** Ready again within so many seconds. */
const QUICK: [withinS: number, ...Row][] = [
  [5, 'the connections are reset', 1, ['the connections are reset', 100, 0]],
  [8, 'the own address changes', 1, ['another address', 100, 0]],
  [25, 'the flows are forgotten', 1, ['the flows are forgotten', 100, 0]],
  [10, 'the path is silent for half a minute', 1, ['the path is silent and forgets its flows', 100, 30]],
  [12, 'the relay refuses for a minute', 1, ['the relay refuses', 100, 60], ['the connections are reset', 100, 0]],
  [
    40,
    'the key is refused for seven minutes',
    1,
    ['the relay does not accept the key', 100, 420],
    ['the connections are reset', 101, 0],
  ],
  [10, 'the bridge is stopped', 1, ['the bridge is stopped', 100, 130]],
  [60, 'the first relay forwards nothing, for ever', 2, ['the relay forwards nothing', 0, EVER_S, 0]],
  [
    20,
    'the first relay drops each connection, for ever',
    2,
    ['the relay drops each connection after 2.5 s', 0, EVER_S, 0],
  ],
  [40, 'the first relay freezes while it holds the tunnel, for ever', 2, ['the relay is frozen', 100, EVER_S, 0]],
]

for (const [withinS, title, relays, ...faults] of QUICK) {
  test(`ready within ${withinS} s: ${title}`, async () => {
    assert.is(await live({ ...historyOf(relays, faults), healthyMs: withinS * 1000 }), undefined)
  })
}

test('a board that is slow at each login is proved, and stays so', async () => {
  assert.is(await live({ relays: 1, faults: [], seed: 1, loginMs: 11_000 }, 120_000), undefined)
})

test('a relay whose sshd listens no more is not ready again before it does, and keeps the tunnel', async () => {
  const world = new World(1)
  const device = new SimulatedDevice(world, () => 0.5)
  const [relay] = world.relays
  await device.runUntil(100_000)
  const [tunnel] = world.tunnels
  Object.assign(relay ?? {}, { listens: false, takes: 'silent' })
  world.events.notify('test')
  await device.runUntil(180_000)
  const before = device.shown.length
  assert.is(device.state, 'unproved', device.shown.join('\n'))
  await device.runUntil(400_000)
  assert.equal(device.shown.slice(before), [], 'nothing else is shown while it does not')
  Object.assign(relay ?? {}, { listens: true, takes: 'well' })
  await device.runUntil(445_000)
  assert.is(device.state, 'ready')
  assert.equal(world.tunnels, [tunnel])
  await device.stop()
  assert.equal(device.broken, [])
})

test('comes back to the first relay when that is well again, and leaves nothing at the second', async () => {
  const world = new World(2)
  const [first, second] = world.relays as [RelayModel, RelayModel]
  first.takes = 'refuses'
  const device = new SimulatedDevice(world, () => 0.5)
  await device.runUntil(30_000)
  assert.equal(
    world.tunnels.map(({ relay }) => relay),
    [second],
  )
  first.takes = 'well'
  await device.runUntil(500_000)
  assert.equal(
    [...world.connections].map(({ relay }) => relay),
    [first],
  )
  assert.is(device.state, 'ready')
  await device.stop()
  assert.equal(device.broken, [])
})

/** Calls that do not settle when they are aborted: at each place of a connection's beginning and of its proof. */
for (const mood of ['hangs', 'too late'] as const) {
  for (let place = 0; place < 40; place++) {
    test(`survives a call that ${mood === 'hangs' ? 'never settles' : 'settles too late'}, as the ${place + 1}th after a reset`, async () => {
      const moods = [...Array.from({ length: place }, () => 'answers' as const), mood]
      const faults = [{ name: 'the connections are reset', atMs: 50_000, forMs: 60_000, relay: 0, moods } as const]
      assert.is(await live({ relays: 1, faults, seed: 1 }, 200_000), undefined)
    })
  }
}

function historyOf(relays: number, faults: readonly [FaultName, number, number, number?][]): History {
  const each = faults.map(([name, atS, forS, relay = 0]) => {
    return { name, atMs: atS * 1000, forMs: forS * 1000, relay, moods: [] }
  })
  return { relays, faults: each, seed: 1 }
}

function flaps(atS: number, count: number): [FaultName, number, number][] {
  return Array.from({ length: count }, (_, index) => ['an event of the network', atS + index, 0])
}

function asks(atS: number, count: number): [FaultName, number, number][] {
  return Array.from({ length: count }, (_, index) => ['somebody asks for a self-test', atS + index, 0])
}

test.run()
