import * as assert from 'uvu/assert'
import { type DeviceConfig, deviceConfigSchema } from '../../formats/device-config.ts'
import { newKeyPair } from '../../formats/private-key.ts'
import { suite } from '../../testbed/suite.ts'
import { pinDestinations } from './pin-destinations.ts'

const test = suite('pin-destinations')

const [first, second, third] = [newKeyPair('a'), newKeyPair('b'), newKeyPair('c')].map(({ publicKey }) =>
  publicKey.split(' ').slice(0, 2).join(' '),
)
const CONFIG: DeviceConfig = deviceConfigSchema.parse({
  version: 1,
  device: 'dev1',
  relays: [{ host: 'relay1.example.net', port: 443, user: 'oobm-dev1', hostKeys: [first] }],
  listenerPort: 20_100,
  bridge: { hostKey: first },
  userdata: {
    interface: 'wwan0',
    hosts: [
      { host: 'Relay2.example.net', hostKeys: [second] },
      { host: '192.0.2.3', port: 22, user: 'ec2-user', hostKeys: [third] },
    ],
  },
})
const to = (host: string, privateKey?: string) => [{ host, remotePort: 20_300, privateKey }]

test('port and login are the pinned host’s, or those of the first relay; the key of the userdata is its login alone', () => {
  const { privateKey } = newKeyPair('userdata')
  const of = (host: string) => {
    const pinned = pinDestinations(to(host, privateKey), CONFIG)
    if (!pinned.ok) throw new Error(pinned.cause)
    const [{ relay, login }] = pinned.relays as [(typeof pinned.relays)[number]]
    assert.equal(login, { listenerPort: 20_300, credentials: { privateKey, of: 'its userdata' } })
    assert.not(JSON.stringify(relay).includes('PRIVATE'))
    return relay
  }
  assert.equal(of('relay2.example.net'), {
    host: 'Relay2.example.net',
    port: 443,
    user: 'oobm-dev1',
    hostKeys: [second],
  })
  assert.equal(of('192.0.2.3'), { host: '192.0.2.3', port: 22, user: 'ec2-user', hostKeys: [third] })
  const own = of('relay1.example.net')
  assert.equal(own, CONFIG.relays[0])
  assert.is.not(own, CONFIG.relays[0], 'its login is another one than that of the configuration')
})

test('without a key in the userdata the device logs in with its own', () => {
  const pinned = pinDestinations(to('192.0.2.3'), CONFIG)
  assert.equal(pinned.ok && pinned.relays[0]?.login, { listenerPort: 20_300 })
})

test('a host whose key is not pinned is refused, with its name and those that are', () => {
  assert.equal(pinDestinations(to('evil.example.net'), CONFIG), {
    ok: false,
    cause:
      'no host key of evil.example.net is pinned on this device: it must be in [[userdata.hosts]] of its settings; pinned are relay1.example.net, Relay2.example.net, 192.0.2.3',
  })
})

test.run()
