import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { FakeClock } from '../loop/testing/fake-clock.ts'
import { settle } from '../ssh/testing/scripted-connection.ts'
import { Entrance, type Visitor } from './entrance.ts'

const test = suite('entrance')

/** An entrance at a time that the test sets. */
function entrance(people = 60) {
  const clock = new FakeClock()
  const closed = new AbortController()
  const made = new Entrance(people, clock, closed.signal)
  /** The visitor, once it is in. */
  const come = async () => {
    const who: { visitor?: Visitor | undefined; isOver: boolean } = { isOver: false }
    void made.enter().then(visitor => Object.assign(who, { visitor, isOver: true }))
    await settle()
    return who
  }
  const crowd = async (count: number, bytes = 0) => {
    const visitors: Visitor[] = []
    for (let index = 0; index < count; index++) {
      const { visitor } = await come()
      assert.ok(visitor)
      visitors.push(visitor)
      if (bytes > 0) visitor.sends(bytes)
    }
    return visitors
  }
  const pass = (ms: number) => clock.runUntil(clock.nowMs() + ms)
  return { come, crowd, pass, closed }
}

const displaced = (visitors: Visitor[]) =>
  visitors.flatMap(({ displaced }, index) => (displaced.aborted ? [index] : []))

test('64 may say nothing; the next ones wait until the oldest has had two seconds, in turn', async () => {
  const { come, crowd, pass } = entrance()
  const silent = await crowd(64)
  const [next, afterNext] = [await come(), await come()]
  await pass(1_999)
  assert.not(next.isOver)
  assert.equal(displaced(silent), [])
  await pass(1)
  assert.ok(next.visitor)
  assert.ok(afterNext.visitor)
  assert.equal(displaced(silent), [0, 1])
  const late = await come()
  assert.ok(late.visitor, 'the others are old by now')
})

test('whoever says more, or leaves, makes room at once', async () => {
  for (const makeRoom of [(one?: Visitor) => one?.sends(256), (one?: Visitor) => one?.leave()]) {
    const { come, crowd } = entrance()
    const silent = await crowd(64)
    const next = await come()
    silent[7]?.sends(255)
    await settle()
    assert.not(next.isOver, 'an identification is nothing yet')
    makeRoom(silent[8])
    await settle()
    assert.ok(next.visitor)
    assert.equal(displaced(silent), [])
  }
})

test('who has left takes no place from anybody, and leaves once', async () => {
  const { come, crowd } = entrance()
  const [first] = await crowd(64)
  first?.leave()
  first?.leave()
  assert.ok((await come()).visitor)
  assert.not((await come()).isOver)
})

test('of too many people the oldest one that cannot be logged in yet makes room', async () => {
  const { crowd, pass } = entrance(3)
  const [inside, greets, offers] = await crowd(3, 300)
  assert.is(inside?.sends(1_701), 'in')
  assert.is(greets?.sends(1_700), 'undecided', '2,000 bytes in all')
  const [newcomer, another] = await crowd(2)
  assert.is(newcomer?.sends(1_500), 'refused', 'all of them are young')
  await pass(2_000)
  assert.is(newcomer?.sends(1_500), 'undecided')
  assert.ok(greets?.displaced.aborted)
  assert.not(inside?.displaced.aborted)
  assert.not(offers?.displaced.aborted)
  assert.is(another?.sends(1_500), 'undecided')
  assert.ok(offers?.displaced.aborted)
})

test('nobody who may be logged in is displaced, however many come', async () => {
  const { crowd, pass } = entrance(2)
  const people = await crowd(2, 5_000)
  await pass(60_000)
  const [late] = await crowd(1)
  assert.is(late?.sends(5_000), 'refused')
  assert.equal(displaced(people), [])
})

test('who was displaced displaces nobody with what was on its way', async () => {
  const { crowd, pass, come } = entrance(1)
  const [person] = await crowd(1, 300)
  const [displaced] = await crowd(64)
  await pass(2_000)
  assert.ok((await come()).visitor)
  assert.ok(displaced?.displaced.aborted)
  displaced?.sends(1_500)
  assert.not(person?.displaced.aborted)
})

test('at its end nobody waits any more, and nobody gets in', async () => {
  const { come, crowd, closed } = entrance()
  await crowd(64)
  const waiting = await come()
  closed.abort()
  await settle()
  assert.ok(waiting.isOver)
  assert.is(waiting.visitor, undefined)
  assert.is((await come()).visitor, undefined)
})

test.run()
