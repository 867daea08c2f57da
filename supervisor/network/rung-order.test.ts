import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import type { Rung } from '../../transport/way.ts'
import { type Blame, isWorthTrying, type OrderOptions, rungOrder, rungsLeft } from './rung-order.ts'

const test = suite('rung-order')

const ALL: Rung[] = ['direct', 'tls', 'proxy']
const order = (changes: Partial<OrderOptions>) =>
  rungOrder({ available: ALL, remembered: undefined, isDirectDue: false, failures: 0, ...changes }).join(' ')

test('begins with the simplest on a network that is not known', () => {
  assert.is(order({}), 'direct tls proxy')
  assert.is(order({ remembered: 'proxy', available: ['direct', 'tls'] }), 'direct tls')
})

test('begins with what was proved there, and now and then with the direct way', () => {
  assert.is(order({ remembered: 'tls' }), 'tls direct proxy')
  assert.is(order({ remembered: 'proxy' }), 'proxy direct tls')
  assert.is(order({ remembered: 'proxy', isDirectDue: true }), 'direct proxy tls')
})

test('looks for no other way at once where the direct one worked: the relay may only be restarting', () => {
  assert.is(order({ remembered: 'direct' }), 'direct')
  assert.is(order({ remembered: 'direct', failures: 1 }), 'direct tls proxy')
})

test('tries no way that the failure of another one rules out', () => {
  const worth = (rung: Rung, failed: [Rung, Blame][]) => isWorthTrying(rung, new Map(failed))
  assert.not(worth('tls', [['direct', 'network']]), 'the same port of the same relay')
  assert.not(worth('direct', [['tls', 'network']]))
  assert.ok(worth('tls', [['direct', 'way']]))
  assert.ok(worth('proxy', [['direct', 'network']]))
  assert.ok(worth('direct', [['proxy', 'network']]), 'a dead proxy says nothing of the relay')
  assert.not(worth('proxy', [['direct', 'relay']]), 'the relay itself said no')
})

test('a proxy is of no use without TLS', () => {
  assert.equal(rungsLeft({ tls: true, proxy: true }), ALL)
  assert.equal(rungsLeft({ tls: true, proxy: false }), ['direct', 'tls'])
  assert.equal(rungsLeft({ tls: false, proxy: true }), ['direct'])
})

test.run()
