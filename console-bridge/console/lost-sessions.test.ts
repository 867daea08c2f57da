import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { fakeConsole } from '../testing/fake-console.ts'

const test = suite('lost sessions')
const WHY = 'uplink eth0 failed; back by wlan0 after 8 s'
const ENDED = /^your session ended at [-\d: ]+ UTC: uplink eth0 failed; back by wlan0 after 8 s$/

function scene(context: Parameters<typeof fakeConsole>[0]) {
  const made = fakeConsole(context)
  const { console, attach } = made
  const lose = (who: string) => console.sessions.leave(attach(who).seat, 'disconnected', 0)
  const endOf = (who: string) => console.sessions.endOfFormer(attach(who).seat) ?? ''
  return { ...made, lose, endOf, sessions: console.sessions }
}

test('who comes back is told once why their session ended, also when their place is gone by then', async context => {
  const { sessions, lose, endOf, pass } = scene(context)
  lose('alice')
  lose('bob')
  await pass(8_000)
  sessions.explainLost(10_000, WHY)
  assert.match(endOf('alice'), ENDED)
  assert.is(endOf('alice'), '')
  await pass(3_600_000)
  assert.match(endOf('bob'), ENDED)
})

test('who is back already is told in their session, and nobody else', async context => {
  const { sessions, attach, lose, pass } = scene(context)
  lose('alice')
  const [alice, bob, program] = [attach('alice'), attach('bob'), attach('alice', { port: 'run' })]
  await pass(1_000)
  sessions.explainLost(10_000, WHY)
  assert.is(alice.told.filter(text => ENDED.test(text)).length, 1)
  for (const { told } of [bob, program]) assert.not.match(told.join('\n'), WHY)
})

test('a session that was lost before that, or left, has another cause', async context => {
  const { sessions, attach, lose, endOf, pass } = scene(context)
  lose('alice')
  await pass(60_000)
  sessions.leave(attach('bob').seat, 'left')
  sessions.explainLost(10_000, WHY)
  assert.equal([endOf('alice'), endOf('bob')], ['', ''])
})

test('a loss that is noticed just after the cause was told has it, too', async context => {
  const { sessions, lose, endOf, pass } = scene(context)
  sessions.explainLost(10_000, WHY)
  await pass(1_000)
  lose('alice')
  await pass(60_000)
  lose('bob')
  assert.match(endOf('alice'), ENDED)
  assert.is(endOf('bob'), '')
})

test('what is told to all does not reach who is on the device itself', context => {
  const { sessions, attach } = scene(context)
  const [alice, local] = [attach('alice'), attach('bob', { via: 'shell' })]
  sessions.tellRemote('the tunnel closes')
  assert.is(alice.told.at(-1), 'the tunnel closes')
  assert.not(local.told.includes('the tunnel closes'))
})

test.run()
