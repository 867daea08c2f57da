import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import type { Destination } from './read-userdata.ts'
import { type Situation, UserdataPlan } from './userdata-plan.ts'

const test = suite('userdata-plan')

const to = (host: string): Destination[] => [{ host, remotePort: 20_100, privateKey: undefined }]
const named = (destinations: Destination[]) => ({ ok: true as const, destinations })
const MINUTE = 60_000

/** A plan whose time passes when the test says so; nobody is in, and nothing is proved. */
function scene(kept: Destination[] = [], isHeld = false) {
  const plan = new UserdataPlan(kept, { trialMs: 10 * MINUTE, isHeld })
  let nowMs = 0
  const turn = (changes: Partial<Situation> = {}, ms = 2_000) => {
    nowMs += ms
    const quiet = { busy: undefined, isOff: false, isHeld: false, isProved: false, cause: 'it does not answer' }
    return plan.turn({ nowMs, ...quiet, ...changes })
  }
  const look = (destinations: Destination[]) => plan.looked(named(destinations), nowMs)
  const hosts = () => plan.inUse.map(({ host }) => host)
  return { plan, turn, look, hosts, now: () => nowMs }
}

test('what is named is used on trial, and kept once a login came back through it', () => {
  const { plan, turn, look, hosts } = scene()
  assert.is(look(to('b')), undefined)
  assert.equal(hosts(), [])
  assert.is(turn()?.result, 'trial')
  assert.equal(hosts(), ['b'])
  assert.equal(plan.kept, [])
  assert.is(look(to('b')), undefined, 'the same again changes nothing')
  assert.is(turn({}, MINUTE), undefined)
  assert.is(turn({ isProved: true })?.result, 'confirmed')
  assert.equal([plan.kept.length, plan.trial, hosts()], [1, undefined, ['b']])
})

test('without a proof in time what was proved last comes back, with the reason, and is tried again after hours', () => {
  const { plan, turn, look, hosts } = scene(to('a'))
  look(to('b'))
  turn()
  for (let minute = 0; minute < 9; minute++) assert.is(turn({}, MINUTE), undefined)
  const undone = turn({}, MINUTE)
  assert.is(undone?.result, 'undone')
  assert.is(plan.undone?.cause, 'no login came back through it within 10 min: it does not answer')
  assert.equal(hosts(), ['a'])
  look(to('b'))
  assert.is(turn({}, 3_600_000), undefined, 'not again at once')
  assert.is(plan.trial, undefined)
  turn({}, 6 * 3_600_000)
  look(to('b'))
  assert.is(turn()?.result, 'trial')
})

test('another one is tried at once, also after one was given up', () => {
  const { turn, look, hosts } = scene()
  look(to('b'))
  turn()
  for (let minute = 0; minute <= 10; minute++) turn({}, MINUTE)
  assert.equal(hosts(), [])
  look(to('c'))
  assert.is(turn()?.result, 'trial')
  assert.equal(hosts(), ['c'])
})

test('it waits while somebody is in, and says so; after a day it is given up', () => {
  const { plan, turn, look, hosts } = scene()
  look(to('b'))
  assert.is(turn({ busy: 'somebody is in' }), undefined)
  assert.equal([plan.trial?.phase, plan.trial?.cause], ['waiting', 'somebody is in: it begins when this ends'])
  assert.equal(hosts(), [])
  assert.is(turn({ busy: 'somebody is in' }, 24 * 3_600_000)?.result, 'undone')
  assert.match(plan.undone?.cause ?? '', /could not begin for 24 hours: somebody is in/)
})

test('who came in by the earlier relay during the trial is not cut off at its end', () => {
  const { turn, look, hosts } = scene(to('a'))
  look(to('b'))
  turn()
  assert.is(turn({ busy: 'somebody is in' }, 11 * MINUTE), undefined)
  assert.equal(hosts(), ['b'])
  assert.is(turn()?.result, 'undone')
  assert.equal(hosts(), ['a'])
})

test('time in which access is switched off does not count', () => {
  const { plan, turn, look } = scene()
  look(to('b'))
  turn()
  assert.is(turn({ isOff: true, busy: 'access is switched off' }, 60 * MINUTE), undefined)
  assert.match(plan.trial?.cause ?? '', /access is switched off/)
  assert.is(turn({}, 9 * MINUTE), undefined)
  assert.is(turn({}, MINUTE)?.result, 'undone')
})

test('what cannot be read, and an address that does not answer, take no relay away', () => {
  const { plan, turn, hosts, now } = scene(to('a'))
  const bad = { ok: false as const, cause: 'it is not JSON' }
  assert.is(plan.looked(bad, now())?.result, 'refused')
  assert.is(plan.looked(bad, now()), undefined, 'told once')
  turn()
  assert.equal([hosts(), plan.fault], [['a'], 'it is not JSON'])
  plan.looked(named(to('a')), now())
  assert.is(plan.fault, '')
})

test('userdata that names none any more leads back to the configuration, on trial as well', () => {
  const { plan, turn, look, hosts } = scene(to('a'))
  look([])
  assert.is(turn()?.result, 'trial')
  assert.equal(hosts(), [])
  for (let minute = 0; minute <= 10; minute++) turn({}, MINUTE)
  assert.equal(hosts(), ['a'], 'the relays of the configuration cannot be reached')
  assert.match(plan.undone?.cause ?? '', /no login/)
})

test('userdata that is changed back during the trial ends it', () => {
  const { plan, turn, look, hosts } = scene(to('a'))
  look(to('b'))
  turn()
  assert.is(look(to('a'))?.result, 'undone')
  turn({ busy: 'somebody is in' })
  assert.equal(hosts(), ['b'], 'nobody is cut off for it')
  turn()
  assert.equal([hosts(), plan.trial], [['a'], undefined])
})

test('while a signed document has other relays on trial, those are alone', () => {
  const { turn, look, hosts } = scene(to('a'), true)
  assert.equal(hosts(), [])
  look(to('b'))
  turn({ isHeld: true })
  assert.equal(hosts(), [])
  look(to('a'))
  turn({ busy: 'somebody is in' })
  assert.equal(hosts(), [])
  turn()
  assert.equal(hosts(), ['a'])
})

test.run()
