import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import type { Rung } from '../../transport/way.ts'
import { type TriedWay, type WayMemory, Ways } from './ways.ts'

const test = suite('ways')

const RELAY = { host: 'relay', port: 443 }
const HOUR_MS = 3_600_000

function scene(available: Rung[] = ['direct', 'tls']) {
  let nowMs = 0
  let network: string | undefined = 'eth0 a'
  const memory: WayMemory = { networks: new Map(), certificates: new Map() }
  const saved: string[][] = []
  let tried: readonly TriedWay[] = []
  const ways = new Ways({
    ...{ rungsTo: () => available, memory, networkOf: () => network, clock: { nowMs: () => nowMs } },
    save: ({ networks }) => saved.push([...networks.keys()]),
    changed: all => {
      tried = all
    },
  })
  return {
    ...{ ways, memory, saved },
    tried: () => tried,
    goTo: (name: string | undefined) => {
      network = name
    },
    wait: (ms: number) => {
      nowMs += ms
    },
  }
}

test('remembers for each network what was proved there, and saves only what is new', () => {
  const { ways, goTo, saved } = scene()
  ways.proved(RELAY, { rung: 'tls' })
  ways.proved(RELAY, { rung: 'tls' })
  goTo('wlan0 b')
  ways.proved(RELAY, { rung: 'direct' })
  assert.equal(saved, [['eth0 a'], ['eth0 a', 'wlan0 b']])
  assert.equal(ways.order(RELAY, undefined), ['direct'])
  goTo('eth0 a')
  assert.equal(ways.order(RELAY, undefined), ['tls', 'direct'])
  goTo(undefined)
  assert.equal(ways.order(RELAY, undefined), ['direct', 'tls'])
})

test('forgets the oldest of too many networks', () => {
  const { ways, goTo, memory } = scene()
  for (let n = 0; n < 40; n++) {
    goTo(`eth0 ${n}`)
    ways.proved(RELAY, { rung: 'tls' })
  }
  assert.is(memory.networks.size, 32)
  assert.ok(memory.networks.has('eth0 39'))
})

test('tries the direct way first again after some hours', () => {
  const { ways, wait } = scene()
  ways.proved(RELAY, { rung: 'tls' })
  wait(6 * HOUR_MS)
  assert.equal(ways.order(RELAY, undefined), ['direct', 'tls'])
  ways.tried(RELAY, undefined, 'direct', 'reset')
  assert.equal(ways.order(RELAY, undefined), ['tls', 'direct'])
})

test('what failed at one relay or over one interface says nothing about the others', () => {
  const { ways, wait } = scene()
  ways.proved(RELAY, { rung: 'direct' })
  const other = { host: 'other', port: 443 }
  for (let n = 0; n < 2; n++) {
    ways.ended(other, undefined, false)
    ways.ended(RELAY, 'wlan0', false)
  }
  assert.equal(ways.order(RELAY, undefined), ['direct'])
  assert.equal(ways.order(other, undefined), ['direct', 'tls'])
  ways.ended(other, undefined, true)
  assert.equal(ways.order(RELAY, 'wlan0'), ['direct', 'tls'])
  ways.proved(RELAY, { rung: 'tls' })
  wait(6 * HOUR_MS)
  ways.tried(RELAY, 'wlan0', 'direct', 'reset')
  assert.equal(ways.order(RELAY, undefined), ['direct', 'tls'], 'it was tried over another interface only')
})

test('tells of each way to each relay how it was found last', () => {
  const { ways, tried, wait } = scene()
  ways.tried(RELAY, undefined, 'direct', 'reset')
  wait(5)
  ways.tried(RELAY, undefined, 'tls', undefined)
  ways.tried({ host: 'other', port: 443 }, undefined, 'direct', 'silent')
  ways.tried(RELAY, 'wlan0', 'direct', 'reset again')
  assert.equal(
    tried().map(({ relay, interface: name, rung, cause, atMs }) => [relay.host, name, rung, cause, atMs]),
    [
      ['relay', undefined, 'tls', undefined, 5],
      ['other', undefined, 'direct', 'silent', 5],
      ['relay', 'wlan0', 'direct', 'reset again', 5],
    ],
  )
})

test('a certificate is foreign when another issuer made it than the first; a renewed one takes its place', () => {
  const { ways } = scene()
  const shows = (fingerprint: string, issuer: string) => ({ certificate: { fingerprint, issuer } })
  assert.not(ways.isForeign(RELAY, shows('A', 'relay')))
  ways.proved(RELAY, { rung: 'tls', ...shows('A', 'relay') })
  assert.not(ways.isForeign(RELAY, shows('B', 'relay')))
  ways.proved(RELAY, { rung: 'tls', ...shows('B', 'relay') })
  assert.ok(ways.isForeign(RELAY, shows('C', 'Middlebox Ltd')))
  ways.proved(RELAY, { rung: 'tls', ...shows('C', 'Middlebox Ltd') })
  assert.ok(ways.isForeign(RELAY, shows('C', 'Middlebox Ltd')))
  assert.not(ways.isForeign(RELAY, {}))
})

test.run()
