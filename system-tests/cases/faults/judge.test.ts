import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { type Demands, judge } from './judge.ts'
import type { Observation, Way } from './observation.ts'

const test = suite('fault bench judge')

const DEMANDS: Demands = { healMs: 5_000, outlastMs: 25_000 }
/** Seconds, from the fault: the way's turns, beginning with one that is there. */
const way = (...turns: number[]): Way[] =>
  [-10, ...turns].map((atS, at) => ({ atMs: atS * 1000, ok: at % 2 === 0, why: 'cut' }))
const claim = (atS: number, state: string, cause = '') => ({
  ...{ atMs: atS * 1000, state, cause, led: state },
  ...{ relay: 'r', rung: 'direct', uplink: '' },
})

function seen(changes: Partial<Observation> & { way?: Way[] }): Observation {
  const { way: both = way(), ...rest } = changes
  return {
    ...{ faultAtMs: 0, endAtMs: 30_000, overAtMs: 100_000, claims: [claim(-10, 'ready')] },
    ours: { both, shell: both, console: both, held: both },
    ...{ cost: { ours: { bytes: 1, syns: 2 } }, found: [], figures: {} },
    ...rest,
  }
}

test('a fault that is noticed heals from its end on', () => {
  const claims = [claim(-10, 'ready'), claim(20, 'no-relay', 'silent'), claim(33, 'ready')]
  const { ours, missed } = judge(seen({ way: way(0, 31), claims }), DEMANDS)
  assert.equal([ours.noticeMs, ours.outlastMs, ours.wayMs, ours.healMs], [20_000, 20_000, 1_000, 3_000])
  assert.equal(missed, [])
})

test('a fault that ends unnoticed heals from its beginning on', () => {
  const { ours, missed } = judge(seen({ endAtMs: 1_000, way: way(0, 4) }), DEMANDS)
  assert.equal([ours.noticeMs, ours.healMs, ours.outlastMs], [undefined, 4_000, 4_000])
  assert.equal(missed, [])
})

test('a fault that shows and cuts nothing heals from its end on too', () => {
  const claims = [claim(-10, 'ready'), claim(5, 'unproved'), claim(32, 'ready')]
  const { ours, missed } = judge(seen({ claims }), { ...DEMANDS, keeps: ['both'] })
  assert.equal([ours.noticeMs, ours.healMs, ours.goneMs], [undefined, 2_000, 0])
  assert.equal(missed, [])
})

test('a way that comes and goes is healed when it is there for good', () => {
  const claims = [claim(-10, 'ready'), claim(10, 'no-relay'), claim(31, 'ready')]
  const { ours, missed } = judge(seen({ way: way(0, 31, 40, 50), claims }), DEMANDS)
  assert.is(ours.healMs, 20_000)
  assert.is(ours.goneMs, 41_000)
  assert.equal(missed, ['healed after 20.0 s, not within 5.0 s'])
})

test('a promise without a way counts by its longest stretch, whatever is shown between', () => {
  const claims = [
    claim(-10, 'ready'),
    claim(10, 'no-relay'),
    claim(12, 'in-use'),
    claim(42, 'no-relay'),
    claim(70, 'ready'),
  ]
  const { ours, missed } = judge(seen({ endAtMs: 70_000, way: way(0, 70), claims }), DEMANDS)
  assert.is(ours.outlastMs, 30_000)
  assert.equal(missed, ['a way in was promised for 30.0 s without one, not 25.0 s at most'])
})

test('a way that is not back fails, and so does a state that is not', () => {
  const claims = [claim(-10, 'ready'), claim(10, 'no-relay')]
  assert.match(judge(seen({ way: way(0), claims }), DEMANDS).missed.join(), /not healed: the way is not back 70\.0 s/)
  assert.match(judge(seen({ way: way(0, 31), claims }), DEMANDS).missed.join(), /the way is back, and the state is not/)
})

test('what the fault may not cut is named with its reason', () => {
  const demands: Demands = { ...DEMANDS, keeps: ['shell'] }
  assert.equal(judge(seen({}), demands).missed, [])
  const { missed } = judge(seen({ way: way(1, 2) }), demands)
  assert.equal(missed, ['the way to the shell was cut for 1.0 s: cut'])
})

test('states and causes are those from the fault on, the one before it that still shows among them', () => {
  const claims = [
    claim(-20, 'unproved'),
    claim(-10, 'ready'),
    claim(5, 'no-relay', 'port 443 is silent'),
    claim(31, 'ready'),
  ]
  const shows = [{ state: /^no-relay$/, cause: /silent/ }]
  const at = (demands: Partial<Demands>) => judge(seen({ way: way(0, 31), claims }), { ...DEMANDS, ...demands })
  assert.equal(
    at({ shows }).ours.states.map(({ state }) => state),
    ['ready', 'no-relay', 'ready'],
  )
  assert.equal(at({ shows }).missed, [])
  assert.equal(at({ shows: [{ state: /^refused$/ }] }).missed, ['never shown: ^refused$'])
  assert.equal(at({ shows: [{ state: /^no-relay$/, cause: /DNS/ }] }).missed, [
    'never shown: ^no-relay$ with the cause DNS',
  ])
  assert.equal(at({ never: /no-relay/ }).missed, ['shown, and wrong: no-relay (port 443 is silent)'])
})

test('a fault that has shown may have to show to its end', () => {
  const claims = (backS: number) => [claim(-10, 'ready'), claim(5, 'unproved'), claim(backS, 'ready')]
  const demands: Demands = { ...DEMANDS, toTheEnd: true }
  assert.equal(judge(seen({ claims: claims(31) }), demands).missed, [])
  assert.equal(judge(seen({ claims: claims(24) }), demands).missed, [
    'a way in was promised again 6.0 s before the end of the fault',
  ])
  assert.equal(judge(seen({}), demands).missed, [], 'what never showed is for other demands to say')
})

test('the peer is measured from the same moment, and its failures are no fault of ours', () => {
  const peerWay = way(0, 60)
  const peer = { both: peerWay, shell: peerWay, console: peerWay, held: peerWay }
  const claims = [claim(-10, 'ready'), claim(10, 'no-relay'), claim(31, 'ready')]
  const verdict = judge(
    seen({ way: way(0, 31), claims, peer, cost: { ours: { bytes: 1, syns: 1 }, peer: { bytes: 7, syns: 3 } } }),
    DEMANDS,
  )
  assert.equal(verdict.peer, { wayMs: 30_000, goneMs: 60_000, bytes: 7, syns: 3 })
  assert.equal(verdict.missed, [])
})

test('what the row itself found is missed too', () => {
  assert.equal(judge(seen({ found: ['the session was cut'] }), DEMANDS).missed, ['the session was cut'])
})

test.run()
