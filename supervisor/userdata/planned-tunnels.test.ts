import * as assert from 'uvu/assert'
import type { DeviceConfig, RelayConfig } from '../../formats/device-config.ts'
import { suite } from '../../testbed/suite.ts'
import type { RelayLogin } from '../loop/relay-login.ts'
import { loginAt } from '../loop/relay-login.ts'
import type { PinnedRelay } from './pin-destinations.ts'
import { contextWith } from './planned-tunnels.ts'

const test = suite('planned-tunnels')

const relayAt = (host: string): RelayConfig => ({ host, port: 443, user: 'u', hostKeys: ['k'] })
const pinned = (host: string): PinnedRelay => {
  return { relay: relayAt(host), login: { listenerPort: 7, credentials: { privateKey: host } }, key: null }
}
const config = { relays: ['a', 'B', 'c'].map(relayAt), listenerPort: 20_100 } as unknown as DeviceConfig
const context: {
  config: DeviceConfig
  credentials: { privateKey: string }
  logins?: ReadonlyMap<RelayConfig, RelayLogin>
} = { config, credentials: { privateKey: 'own' } }
const hosts = (named: PinnedRelay[]) => contextWith(named, context).config.relays.map(({ host }) => host)

test('the named relay comes first, those of the configuration behind it, but none to which a further tunnel goes', () => {
  assert.equal(hosts([]), ['a', 'B', 'c'])
  assert.equal(hosts([pinned('x')]), ['x', 'a', 'B', 'c'])
  assert.equal(hosts([pinned('x'), pinned('b')]), ['x', 'a', 'c'])
})

test('the key of the userdata goes to its relay alone, and the device’s own to the others', () => {
  const named = pinned('a')
  const inner = contextWith([named], context)
  const at = (relay: RelayConfig | undefined) => loginAt(inner, relay as RelayConfig)
  assert.equal(at(named.relay), { listenerPort: 7, credentials: { privateKey: 'a' } })
  assert.equal(at(config.relays[0]), { listenerPort: 20_100, credentials: { privateKey: 'own' } }, 'the same host')
  assert.equal(at(config.relays[1]), { listenerPort: 20_100, credentials: { privateKey: 'own' } })
})

test.run()
