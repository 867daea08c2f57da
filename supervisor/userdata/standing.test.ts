import * as assert from 'uvu/assert'
import type { RelayConfig } from '../../formats/device-config.ts'
import { suite } from '../../testbed/suite.ts'
import type { LoopState } from '../loop/keep-connected.ts'
import { NOTHING_YET, standingOf, together } from './standing.ts'

const test = suite('standing')

const relayAt = (host: string): RelayConfig => ({ host, port: 443, user: 'u', hostKeys: [] })
const [named, other] = [relayAt('a'), relayAt('b')]
const up = (relay: RelayConfig, proof: object) => ({ state: 'up', run: { relay, proof } }) as unknown as LoopState
const down = (failed?: RelayConfig): LoopState => {
  const failure = { state: 'refused', cause: 'it refuses' } as const
  return { state: 'down', failure, retryMs: null, ...(failed && { failed }) }
}

test('a proof through another relay is none, and the last cause of the named one stays', () => {
  const failed = standingOf(down(named), NOTHING_YET, [named])
  assert.equal(failed, { isProved: false, cause: 'it refuses' })
  assert.equal(standingOf(up(other, { state: 'proved' }), failed, [named]), failed)
  assert.equal(standingOf(down(other), NOTHING_YET, [named]), NOTHING_YET)
  assert.equal(standingOf(down(), failed, [named]), failed)
})

test('a tunnel to the named relay counts once a login came back through it, and no longer than it is up', () => {
  const first = standingOf(up(named, { state: 'none' }), NOTHING_YET, [named])
  assert.not(first.isProved)
  assert.match(standingOf(up(named, { state: 'failed', cause: 'no login' }), first, [named]).cause, /no login/)
  const proved = standingOf(up(named, { state: 'proved' }), first, [named])
  assert.ok(proved.isProved)
  assert.not(standingOf(down(named), proved, [named]).isProved)
})

test('of several, one that is proved is enough; without any, each cause is said once', () => {
  const not = (cause: string) => ({ isProved: false, cause })
  assert.ok(together([not('x'), { isProved: true, cause: '' }]).isProved)
  assert.equal(together([not('x'), not('y'), not('x')]), not('x; y'))
})

test.run()
