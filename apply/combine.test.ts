import * as assert from 'uvu/assert'
import type { Table } from '../device/import/merge.ts'
import { type DeviceConfig, deviceConfigSchema, type TechnicianConfig } from '../formats/device-config.ts'
import { newKeyPair } from '../formats/private-key.ts'
import { suite } from '../testbed/suite.ts'
import { fitToConsoles, takesSomething, withAccess, withConnectivity } from './combine.ts'

const test = suite('combine')

const BEFORE: Table = {
  version: 1,
  device: 'rack1',
  relays: [{ host: 'old' }],
  listenerPort: 20100,
  profile: 'cellular',
  bridge: { hostKey: 'k', escape: 'ctrl-a' },
  technicians: [{ name: 'bob' }],
  settings: { serial: 5, signers: ['s'] },
  secrets: { relayKey: 'r', relayPassword: 'w' },
  system: { hostname: 'h', country: 'JP' },
  wifi: [
    { ssid: 'a', passphrase: 'one', priority: 1 },
    { ssid: 'b', passphrase: 'two' },
  ],
}

test('access replaces the people, and the signers where it names them', () => {
  const { technicians, settings, ...rest } = withAccess(BEFORE, { technicians: [] }, 6)
  assert.equal([technicians, settings], [[], { serial: 6, signers: ['s'] }])
  const { technicians: _, settings: __, ...before } = BEFORE
  assert.equal(rest, before)
  assert.equal(withAccess(BEFORE, { technicians: [], signers: ['t'] }, 6).settings, { serial: 6, signers: ['t'] })
})

test('connectivity replaces what is no key, no person and no setting of the site', () => {
  const after = withConnectivity(
    BEFORE,
    { relays: [{ host: 'new' }], listenerPort: 2, bridge: { port: 22 } },
    'rack1',
  ).value
  assert.equal(after, {
    ...{ version: 1, device: 'rack1', relays: [{ host: 'new' }], listenerPort: 2 },
    bridge: { hostKey: 'k', port: 22 },
    ...{ technicians: BEFORE.technicians, settings: BEFORE.settings, secrets: BEFORE.secrets },
    ...{ system: BEFORE.system, wifi: BEFORE.wifi },
  })
})

test('of the site and the secrets, it changes what it names', () => {
  const { wifi, system, secrets } = withConnectivity(
    BEFORE,
    {
      system: { hostname: 'x' },
      // An entry is replaced whole: what remained of the old one might not go together with the new one.
      wifi: [{ ssid: 'b', remove: true }, { ssid: 'a', eap: {} }, { ssid: 'c' }],
      secrets: { relayPassword: 'new' },
    },
    'rack1',
  ).value
  assert.equal(system, { hostname: 'x', country: 'JP' })
  assert.equal(wifi, [
    { ssid: 'a', eap: {}, source: 'document' },
    { ssid: 'c', source: 'document' },
  ])
  assert.equal(secrets, { relayKey: 'r', relayPassword: 'new' })
})

test('it cannot name another device, other keys, people or signers', () => {
  const evil = {
    version: 2,
    device: 'x',
    bridge: { hostKey: 'x' },
    technicians: [],
    settings: { serial: 0, signers: ['x'] },
  }
  const after = withConnectivity(BEFORE, { ...evil, relays: [], listenerPort: 1 }, 'x').value
  for (const key of ['version', 'device', 'technicians', 'settings']) assert.equal(after[key], BEFORE[key], key)
  assert.is((after.bridge as Table).hostKey, 'k')
})

test('a board that waited to be accepted gets its name, and loses what it was accepted by', () => {
  const waiting = {
    ...BEFORE,
    device: 'new-1',
    enrolment: { site: 's', board: '1' },
    secrets: { relayKey: 'r', enrolmentKey: 'e', siteSecret: 's' },
  }
  const after = withConnectivity(waiting, { relays: [], listenerPort: 1 }, 'rack1').value
  assert.equal([after.device, after.enrolment, after.secrets], ['rack1', undefined, { relayKey: 'r' }])
})

test('people keep what they may do at consoles that are there', () => {
  const alice = {
    name: 'alice',
    consoles: ['a', 'b'],
    viaRelay: ['b'],
    power: ['a', 'b'],
  } as Partial<TechnicianConfig> as TechnicianConfig
  const all = { name: 'bob', viaRelay: ['a'], power: ['b'] } as Partial<TechnicianConfig> as TechnicianConfig
  const fitted = fitToConsoles([alice, all], [{ name: 'a' }])
  assert.equal(
    fitted.map(({ consoles, viaRelay, power }) => [consoles, viaRelay, power]),
    [
      [['a'], [], ['a']],
      [undefined, ['a'], []],
    ],
  )
})

test('knows who lost something, and who only gained', () => {
  const [one, two, hop] = ['1', '2', '3'].map(name => newKeyPair(name).publicKey) as [string, string, string]
  const config = (...technicians: Partial<TechnicianConfig>[]): DeviceConfig =>
    deviceConfigSchema.parse({
      ...{ version: 1, device: 'd', relays: [{ host: 'h', user: 'u', hostKeys: [one] }], listenerPort: 1 },
      bridge: { hostKey: one },
      consoles: ['a', 'b'].map(name => ({ name, path: `/dev/${name}` })),
      technicians: technicians.map(technician => ({ name: 'alice', keys: [one], ...technician })),
    })
  const cases: [name: string, before: Partial<TechnicianConfig>, after: Partial<TechnicianConfig>, loses: boolean][] = [
    ['nothing', {}, {}, false],
    ['another key beside it', {}, { keys: [one, two] }, false],
    ['another key', {}, { keys: [two] }, true],
    ['the power of a console', { power: ['a'] }, {}, true],
    ['observer', {}, { role: 'observer' }, true],
    ['operator', { role: 'observer' }, {}, false],
    ['fewer consoles', {}, { consoles: ['a'] }, true],
    ['the same consoles, by name', {}, { consoles: ['b', 'a'] }, false],
    ['more consoles', { consoles: ['a'] }, {}, false],
    ['no shell', { shell: true }, {}, true],
    ['no administrator', { admin: true }, { shell: true }, true],
    ['no way by the relay', { viaRelay: ['a'], hopKeys: [hop] }, { hopKeys: [hop] }, true],
    ['no hop key', { viaRelay: ['a'], hopKeys: [hop] }, { viaRelay: ['a'] }, true],
  ]
  for (const [name, before, after, loses] of cases)
    assert.is(takesSomething(config(before), config(after)), loses, name)
  assert.is(takesSomething(config({}), config()), true)
  assert.is(takesSomething(config(), config({})), false)
})

test.run()
