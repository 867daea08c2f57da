import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { Admission, type Place } from './admission.ts'
import { DEFAULT_LIMITS, type ServerLimits } from './limits.ts'

const test = suite('admission')

/** A server's places at a time that the test sets, with what was closed and why. */
function places(over: Partial<ServerLimits> = {}, random = () => 0) {
  const time = { nowMs: 0 }
  const closed: string[] = []
  const limits = { ...DEFAULT_LIMITS, ...over }
  const admission = new Admission(limits, () => time.nowMs, random)
  const arrive = (name: string) => admission.arrived(cause => void closed.push(`${name}: ${cause}`))
  const wait = (name: string, software = 'OpenSSH_9.2') => {
    const place = arrive(name)
    const answers: boolean[] = []
    admission.named(place, software, isAdmitted => answers.push(isAdmitted))
    return { place, isTaken: answers[0] === true, answers }
  }
  const logIn = (name: string, key: string, isLocal = false) => {
    const { place } = wait(name)
    return { place, isIn: admission.loggedIn(place, key, isLocal) }
  }
  return { time, closed, admission, arrive, wait, logIn }
}

const times = <T>(count: number, act: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => act(index))
const works = (place: Place) => {
  place.idleSinceMs = undefined
}

test('takes every TCP connection, and drops the oldest one without an identification', () => {
  const { time, closed, arrive, admission, wait } = places({ unnamed: 3 }, () => 0.99)
  times(3, index => arrive(`silent ${index}`))
  time.nowMs = 3_000
  times(2, index => arrive(`later ${index}`))
  assert.equal(
    closed.map(line => line.split(':')[0]),
    ['silent 0', 'silent 1'],
  )
  assert.is(admission.count('unnamed'), 3)
  assert.ok(wait('client').isTaken, 'the silent take no place of those that speak')
})

test('32 wait; while all of them are young, the next ones queue for half a minute', () => {
  const { time, closed, wait, admission } = places()
  assert.ok(times(32, index => wait(`client ${index}`).isTaken).every(Boolean))
  const queued = times(3, index => wait(`one more ${index}`))
  assert.is(admission.count('queued'), 3)
  time.nowMs = 2_000
  admission.serveQueue()
  assert.equal(closed, [])
  assert.equal(
    queued.map(({ answers }) => answers),
    [[], [], []],
  )
  time.nowMs = 30_001
  admission.left(queued[0]?.place as Place)
  admission.serveQueue()
  assert.equal(
    queued.map(({ answers }) => answers),
    [[], [false], [false]],
    'who left is told nothing',
  )
})

test('gives free places at random to those who queue', () => {
  const { wait, admission, closed } = places({ waiting: 2 }, () => 0.99)
  const [first] = times(2, index => wait(`client ${index}`))
  const queued = times(3, index => wait(`queued ${index}`))
  admission.left(first?.place as Place)
  admission.serveQueue()
  assert.equal(
    queued.map(({ isTaken, answers }) => [isTaken, ...answers]),
    [[false], [false], [false, true]],
  )
  assert.is(admission.count('waiting'), 2)
  assert.equal(closed, [])
})

test('one that had to queue is spared for as long as any other', () => {
  const { time, wait, admission, closed } = places({ waiting: 1 })
  const first = wait('first')
  time.nowMs = 1_000
  assert.equal(wait('queued').answers, [])
  time.nowMs = 4_000
  admission.serveQueue()
  assert.equal(closed, ['first: not logged in after 4 s, and others came'])
  assert.ok(first.isTaken)
  time.nowMs = 6_000
  assert.equal(wait('next').answers, [])
  assert.is(closed.length, 1)
})

test('256 may queue; beyond that, one of them is refused at random', () => {
  const { wait, admission } = places({ waiting: 1 })
  const clients = times(1 + 256, index => wait(`client ${index}`))
  assert.is(admission.count('queued'), 256)
  assert.equal(wait('one more').answers, [])
  assert.equal(clients[1]?.answers, [false])
  assert.is(clients.filter(({ answers }) => answers.includes(false)).length, 1)
})

test('drops at random one that is older than two seconds, never a younger one', () => {
  const { time, closed, wait } = places({ waiting: 4 }, () => 0.99)
  times(2, index => wait(`old ${index}`))
  time.nowMs = 1_000
  times(2, index => wait(`young ${index}`))
  time.nowMs = 2_000
  const early = wait('too early')
  assert.equal(early.answers, [])
  time.nowMs = 2_001
  assert.ok(wait('third').isTaken)
  assert.equal(early.answers, [true])
  assert.equal(wait('fifth').answers, [])
  assert.equal(closed, [
    'old 1: not logged in after 2 s, and others came',
    'old 0: not logged in after 2 s, and others came',
  ])
})

test('never drops one whose key is acceptable, up to four of one key', () => {
  const { time, closed, wait, admission } = places({ waiting: 2 })
  for (const index of times(5, index => index)) {
    const { place, isTaken } = wait(`asked ${index}`)
    assert.ok(isTaken)
    admission.asked(place, 'alice')
  }
  assert.is(admission.count('asked'), 4)
  assert.is(admission.count('waiting'), 1)
  time.nowMs = 60_000
  times(10, index => wait(`scan ${index}`))
  assert.equal(
    closed.filter(line => line.startsWith('asked')),
    ['asked 4: not logged in after 60 s, and others came'],
  )
})

test('keeps two places for the self-test', () => {
  const { time, closed, wait } = places({ waiting: 2 })
  times(2, index => wait(`client ${index}`))
  assert.not(wait('other', 'x_oobm_selftest_').isTaken)
  assert.ok(wait('proof 0', 'oobm_selftest_0a1b').isTaken)
  assert.ok(wait('proof 1', 'oobm_selftest_0a1b').isTaken)
  assert.not(wait('proof 2', 'oobm_selftest_0a1b').isTaken)
  time.nowMs = 3_000
  assert.ok(wait('proof 3', 'oobm_selftest_ffff').isTaken, 'who pretends to be it holds a place for two seconds')
  assert.match(closed.join(), /^proof 0: /)
})

test('a place that was left is free', () => {
  const { wait, admission, logIn } = places({ waiting: 1, connectionsPerKey: 1 })
  admission.left(wait('first').place)
  assert.ok(wait('second').isTaken)
  const { place } = logIn('alice', 'alice')
  admission.left(place)
  assert.ok(logIn('alice again', 'alice').isIn)
})

test('a key may have eight connections; a ninth replaces one without a session', () => {
  const { time, closed, logIn } = places()
  const own = times(8, index => {
    time.nowMs = index * 10
    return logIn(`alice ${index}`, 'alice').place
  })
  time.nowMs = 1_000
  assert.not(logIn('too early', 'alice').isIn, 'its session may be on the way')
  time.nowMs = 10_000
  works(own[0] as Place)
  assert.ok(logIn('ninth', 'alice').isIn)
  assert.equal(closed, ['alice 1: without a session, and a newer connection of the same key came'])
  for (const place of own) works(place)
  time.nowMs = 11_000
  assert.not(logIn('tenth', 'alice').isIn)
  assert.ok(logIn('bob', 'bob').isIn)
})

test('the first connection of a key is let in, however many the others have', () => {
  const { logIn } = places({ furtherConnections: 10 })
  for (const key of ['a', 'b', 'c']) times(8, () => works(logIn(key, key).place))
  assert.not(logIn('a', 'a').isIn)
  assert.ok(logIn('operator', 'operator').isIn)
  assert.not(logIn('operator', 'operator').isIn)
  assert.ok(times(16, () => logIn('shell', 'local', true).isIn).every(Boolean), 'the device’s own shell has its own')
  assert.not(logIn('shell', 'local', true).isIn)
})

test.run()
