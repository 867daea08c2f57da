import * as assert from 'uvu/assert'
import type { UplinkSettings } from '../../formats/uplink-settings.ts'
import { suite } from '../../testbed/suite.ts'
import { METERED_PROOFS_A_DAY, RETURN_MS } from './judge-uplinks.ts'
import type { Uplink } from './list-uplinks.ts'
import { Uplinks } from './uplinks.ts'

const test = suite('uplinks')

const MINUTE_MS = 60_000
const DAY_MS = 1_440 * MINUTE_MS

const CABLE: Uplink = { name: 'eth0', kind: 'cable', isDefault: true, metric: 100, addresses: ['10.1.0.2'], link: 'a' }
const WIFI: Uplink = { name: 'wlan0', kind: 'wifi', isDefault: false, metric: 600, addresses: ['10.2.0.2'], link: 'b' }
const MODEM: Uplink = {
  name: 'wwan0',
  kind: 'modem',
  isDefault: false,
  metric: 700,
  addresses: ['10.3.0.2'],
  link: 'c',
}

function scene(here: Uplink[], settings: UplinkSettings[] = []) {
  const world = { nowMs: 0, here }
  const uplinks = new Uplinks({
    settings,
    clock: { nowMs: () => world.nowMs },
    list: () => world.here,
    bytesOf: () => undefined,
  })
  return { world, uplinks, names: () => uplinks.ways().map(({ uplink }) => uplink) }
}

/** What the loop does with standbys: proves what is due, until then. @returns when each was asked */
function prove({ world, uplinks }: ReturnType<typeof scene>, untilMs: number, isGood: (name: string) => boolean) {
  const asked: [string, number][] = []
  for (;;) {
    const next = uplinks.nextProof()
    if (!next || Math.max(next.dueMs, world.nowMs) > untilMs || asked.length > 1_000) break
    world.nowMs = Math.max(world.nowMs, next.dueMs)
    const name = next.way.uplink as string
    asked.push([name, world.nowMs])
    uplinks.asked(name)
    if (isGood(name)) uplinks.proved(name, world.nowMs)
    else uplinks.failed(name, 'no answer')
    if (uplinks.better()) break
  }
  if (!uplinks.better()) world.nowMs = untilMs
  return asked
}

test('without an uplink, a connection goes as the kernel routes it', () => {
  const { uplinks } = scene([])
  assert.equal(uplinks.ways(), [{ uplink: undefined, interface: undefined, isMetered: false }])
  assert.is(uplinks.nextProof(), undefined)
})

test('one uplink is neither bound, proved beside the tunnel nor metered by itself', () => {
  for (const [uplink, isDefault] of [
    [CABLE, true],
    [MODEM, true],
  ] as const) {
    const { uplinks } = scene([{ ...uplink, isDefault }])
    assert.equal(uplinks.ways(), [{ uplink: uplink.name, interface: undefined, isMetered: false }])
    uplinks.carries(uplink.name)
    uplinks.proved(uplink.name, 0)
    assert.is(uplinks.nextProof(), undefined)
    assert.is(uplinks.hasOther(uplink.name), false)
  }
})

test('a cable comes before Wi-Fi and Wi-Fi before a modem, unless their order says otherwise', () => {
  assert.equal(scene([MODEM, WIFI, CABLE]).names(), ['eth0', 'wlan0', 'wwan0'])
  assert.equal(scene([MODEM, WIFI, CABLE], [{ interface: 'wwan0', order: 5 }]).names(), ['wwan0', 'eth0', 'wlan0'])
  assert.equal(scene([CABLE, { ...CABLE, name: 'eth1' }], [{ interface: 'eth0', metered: true }]).names(), [
    'eth1',
    'eth0',
  ])
})

test('only what is not the default route is bound, and a modem beside others is metered', () => {
  const { uplinks } = scene([CABLE, MODEM])
  assert.equal(uplinks.ways(), [
    { uplink: 'eth0', interface: undefined, isMetered: false },
    { uplink: 'wwan0', interface: 'wwan0', isMetered: true },
  ])
  assert.is(uplinks.wayOf('::ffff:10.3.0.2').uplink, 'wwan0')
  assert.is(uplinks.wayOf('192.0.2.1').uplink, undefined)
  const [only] = scene([MODEM], [{ interface: 'wwan0', metered: true }]).uplinks.ways()
  assert.is(only?.isMetered, true)
})

test('the default route is bound while one is away that would take it', () => {
  const { uplinks, world } = scene([CABLE, MODEM])
  world.here = [{ ...MODEM, isDefault: true }]
  assert.equal(uplinks.ways(), [{ uplink: 'wwan0', interface: 'wwan0', isMetered: true }])
  world.here = [CABLE]
  assert.equal(uplinks.ways(), [{ uplink: 'eth0', interface: undefined, isMetered: false }])
})

test('what failed while another worked comes last, until it is proved or another network is behind it', () => {
  const one = scene([CABLE, WIFI])
  one.uplinks.failed('eth0', 'no answer')
  assert.equal(one.names(), ['wlan0', 'eth0'])
  one.uplinks.proved('eth0', 0)
  assert.equal(one.names(), ['eth0', 'wlan0'])
  one.world.nowMs = 1
  one.uplinks.failed('eth0', 'no answer')
  one.world.here = [{ ...CABLE, link: 'z' }, WIFI]
  assert.equal(one.names(), ['eth0', 'wlan0'])
})

test('a better one takes over when it has been proved for five minutes', () => {
  const one = scene([CABLE, WIFI])
  one.uplinks.carries('wlan0')
  const asked = prove(one, DAY_MS, () => true)
  assert.is(one.uplinks.better()?.uplink, 'eth0')
  assert.equal(
    asked.map(([, atMs]) => atMs),
    [2_000, 62_000, 122_000, 182_000, 242_000, 302_000],
  )
  one.uplinks.carries('eth0')
  assert.is(one.uplinks.better(), undefined)
})

test('a failure between them begins the five minutes anew', () => {
  const one = scene([CABLE, WIFI])
  one.uplinks.carries('wlan0')
  let times = 0
  const asked = prove(one, DAY_MS, () => ++times !== 3)
  const lastFailureMs = asked[2]?.[1] as number
  assert.ok(one.world.nowMs - lastFailureMs >= RETURN_MS)
  assert.is(one.uplinks.better()?.uplink, 'eth0')
})

test('one that breaks again and again has to last longer each time, an hour at most', () => {
  const one = scene([CABLE, WIFI])
  const { uplinks, world } = one
  const waits: number[] = []
  for (let turn = 0; turn < 6; turn++) {
    uplinks.carries('wlan0')
    const fromMs = world.nowMs
    prove(one, world.nowMs + DAY_MS, () => true)
    waits.push(Math.round((world.nowMs - fromMs) / MINUTE_MS))
    uplinks.carries('eth0')
    uplinks.failed('eth0', 'it broke')
  }
  assert.equal(
    waits.map(minutes => Math.min(60, Math.floor(minutes / 5) * 5)),
    [5, 5, 10, 20, 40, 60],
  )
})

test('a standby is proved every ten minutes; one that costs six times a day, whatever its link does', () => {
  const one = scene([CABLE, WIFI, MODEM])
  one.uplinks.carries('eth0')
  const asked = prove(one, DAY_MS - 1, () => true)
  const times = (name: string) => asked.filter(([who]) => who === name).length
  assert.is(times('wlan0'), 144)
  assert.is(times('wwan0'), METERED_PROOFS_A_DAY)
  assert.is(times('eth0'), 0)
  const other = scene([CABLE, MODEM])
  other.uplinks.carries('eth0')
  let all = 0
  for (let turn = 0; turn < 100; turn++) {
    other.world.here = [CABLE, { ...MODEM, link: `${turn}` }]
    all += prove(other, other.world.nowMs + 5 * MINUTE_MS, () => true).length
  }
  assert.is(all, METERED_PROOFS_A_DAY)
})

test('a better one that costs shows in two proofs that it lasts', () => {
  const one = scene([WIFI, MODEM], [{ interface: 'wwan0', order: 1 }])
  one.uplinks.carries('wlan0')
  assert.equal(
    prove(one, DAY_MS, () => true).map(([, atMs]) => atMs),
    [2_000, 302_000],
  )
  assert.is(one.uplinks.better()?.uplink, 'wwan0')
})

test('a better one that fails is asked again after 1, 2, 5 and then every 10 minutes', () => {
  const one = scene([CABLE, WIFI])
  one.uplinks.carries('wlan0')
  const asked = prove(one, 40 * MINUTE_MS, () => false).map(([, atMs]) => atMs)
  assert.equal(
    asked.slice(1).map((atMs, at) => (atMs - (asked[at] as number)) / MINUTE_MS),
    [1, 2, 5, 10, 10, 10],
  )
})

test('a metered standby that fails is asked again after 1 and 5 minutes, and then six times a day', () => {
  const one = scene([CABLE, MODEM])
  one.uplinks.carries('eth0')
  const asked = prove(one, DAY_MS - 1, () => false).map(([, atMs]) => atMs)
  assert.equal(
    asked.map(atMs => Math.round(atMs / MINUTE_MS)),
    [0, 1, 6, 246, 486, 726],
  )
})

test('time without a carrier does not count, and an interface that left while it worked has broken', () => {
  const one = scene([CABLE, WIFI])
  const { uplinks, world } = one
  uplinks.carries('wlan0')
  prove(one, 3 * MINUTE_MS, () => true)
  world.here = [WIFI]
  uplinks.look()
  world.nowMs += 10 * MINUTE_MS
  world.here = [CABLE, WIFI]
  uplinks.look()
  const cameMs = world.nowMs
  assert.is(uplinks.better(), undefined)
  assert.is(uplinks.nextProof()?.dueMs, cameMs + 2_000, 'it is proved when it comes')
  prove(one, DAY_MS, () => true)
  assert.is(Math.round((world.nowMs - cameMs) / MINUTE_MS), 5)
  // It carries the tunnel for long, and is pulled out and plugged in again.
  for (const minutes of [10, 20]) {
    uplinks.carries('eth0')
    world.nowMs += 10 * MINUTE_MS
    uplinks.proved('eth0', world.nowMs)
    world.here = [WIFI]
    uplinks.look()
    uplinks.carries('wlan0')
    world.here = [CABLE, WIFI]
    assert.is(uplinks.better(), undefined)
    const fromMs = world.nowMs
    prove(one, fromMs + DAY_MS, () => true)
    assert.is(Math.round((world.nowMs - fromMs) / MINUTE_MS), minutes)
  }
})

test('two that have the same address are told apart by what a connection is bound to', () => {
  const { uplinks } = scene([CABLE, MODEM, { ...MODEM, name: 'wwan1' }])
  assert.is(uplinks.wayOf('10.3.0.2', 'wwan1').uplink, 'wwan1')
  assert.is(uplinks.wayOf('10.3.0.2', 'wwan0').uplink, 'wwan0')
  const { uplinks: alike } = scene([
    { ...MODEM, name: 'wwan1' },
    { ...MODEM, isDefault: true },
  ])
  assert.is(alike.wayOf('10.3.0.2').uplink, 'wwan0', 'what is bound to none goes by the default route')
})

test('an address that came since is known', () => {
  const { uplinks, world } = scene([CABLE, WIFI])
  world.here = [{ ...CABLE, addresses: ['10.1.0.2', '2001:db8::2'], link: 'z' }, WIFI]
  assert.is(uplinks.wayOf('2001:db8::2').uplink, 'eth0')
})

test('a new network behind a standby is proved at once', () => {
  const one = scene([CABLE, WIFI])
  one.uplinks.carries('eth0')
  prove(one, 15 * MINUTE_MS, () => true)
  one.world.here = [CABLE, { ...WIFI, link: 'z' }]
  assert.is(one.uplinks.nextProof()?.dueMs, one.world.nowMs + 2_000)
})

test('a link that changes again and again is proved at a pace, and at once when it has been quiet', () => {
  for (const [uplinks, flapping] of [
    [[CABLE, WIFI], WIFI],
    [[WIFI, CABLE], CABLE],
  ] as const) {
    const one = scene([...uplinks])
    one.uplinks.carries(uplinks[0].name)
    let all = 0
    const fromMs = one.world.nowMs
    for (let turn = 0; one.world.nowMs - fromMs < 4 * 60 * MINUTE_MS; turn++) {
      one.world.here = [uplinks[0]]
      one.uplinks.look()
      one.world.nowMs += 1_000
      one.world.here = [uplinks[0], { ...flapping, link: `${turn % 2}` }]
      all += prove(one, one.world.nowMs + 5_000, () => true).length
    }
    assert.ok(all > 10 && all < 4 * 20, `${all} proofs in four hours`)
    one.world.nowMs += 60 * MINUTE_MS
    one.world.here = [uplinks[0], { ...flapping, link: 'z' }]
    assert.is(one.uplinks.nextProof()?.dueMs, one.world.nowMs + 2_000)
  }
})

test('while a metered uplink is preferred, the other one is proved as rarely: the way back costs in the tunnel', () => {
  const countIn = (metered: boolean) => {
    const one = scene([CABLE, MODEM], [{ interface: 'wwan0', order: 1, metered }])
    one.uplinks.carries('wwan0')
    return prove(one, DAY_MS, () => true).length
  }
  assert.equal([countIn(true), countIn(false)], [METERED_PROOFS_A_DAY, 144])
})

test.run()
