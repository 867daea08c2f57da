import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { parseFleet } from '../../fleet/fleet-config.ts'
import { dedicatedFleetText } from '../../testing/dedicated-fleet-text.ts'
import { DEBIAN_13 } from '../../testing/sshd-features.ts'
import { relayPaths } from '../relay-paths.ts'
import { desiredRelay } from './desired-relay.ts'

const test = suite('a relay behind HAProxy, rendered')
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDbnmHS+8Y0Pw7cRuyxH1EbU9JZRqj6bRsPyP+Xz6kx6'
const paths = relayPaths()

function desired({ settings = 'tls = true', more = '', hasIpv6 = true } = {}) {
  const [alice, bob] = ['6kx6', '7kx6'].map(end => KEY.replace(/.{4}$/, end)) as [string, string]
  const fleetText = `${dedicatedFleetText({ alice, bob }, `host = "lon.example.net"\n${settings}`)}${more}`
  const fleet = parseFleet('fleet.toml', fleetText)
  const [relay] = fleet.relays
  assert.ok(relay)
  const deviceKeys = new Map(fleet.devices.map(({ name }) => [name, { relayKey: KEY, bridgeHostKey: KEY }]))
  const sshd = { path: '/usr/sbin/sshd', features: DEBIAN_13 }
  const haproxy = { path: '/usr/sbin/haproxy', hasIpv6 }
  const relayOf = desiredRelay({ fleetText, fleet, relay, deviceKeys }, paths, sshd, haproxy)
  return { ...relayOf, text: (file: string) => relayOf.files.get(file) ?? '' }
}

test('is there only where the file asks for it', () => {
  const without = desired({ settings: '' })
  assert.equal([...without.units.keys()], [paths.unit])
  assert.equal(
    [...without.files.keys()].filter(file => /haproxy|plain/.test(file)),
    [],
  )
  assert.equal([...desired().units.keys()], [paths.unit, paths.tlsUnit, paths.plainUnit])
})

test('sshd is on 127.0.0.1 and limits no source; for the time when HAProxy fails, it is as without HAProxy', () => {
  const { text } = desired()
  assert.match(text('sshd_config'), /^Port 822\nListenAddress 127\.0\.0\.1$/m)
  assert.match(text('sshd_config'), /^PerSourcePenalties no$/m)
  assert.not.match(text('sshd_config'), /PerSourceMaxStartups|ExemptList/)
  assert.is(text('sshd_config.plain'), desired({ settings: '' }).text('sshd_config'))
})

test('HAProxy gives one source the places that sshd would give it, while sshd keeps a place', () => {
  const limits = (of: Parameters<typeof desired>[0]) => {
    const config = desired(of).text('haproxy.cfg')
    return [/conn_rate\((\d+s)\)/, /conn_rate\(sources\) ge (\d+)/, /conn_cur\(sources\) ge (\d+)/].map(
      pattern => pattern.exec(config)?.[1],
    )
  }
  assert.equal(limits({}), ['30s', '50', '1400'])
  assert.equal(limits({ settings: 'tls = true\nprofile = "cellular"' }), ['90s', '50', '1400'])
  const more = Array.from({ length: 250 }, (_, at) => `[[devices]]\nname = "d${at}"\nport = ${30_000 + 2 * at}\n`)
  assert.equal(limits({ more: more.join('') }), ['30s', '250', '2200'])
  const oneMore = `${more.join('')}[[devices]]\nname = "new"\nport = 40000\n`
  assert.is(
    desired({ more: oneMore }).text('haproxy.cfg'),
    desired({ more: more.join('') }).text('haproxy.cfg'),
    'a device that is added reloads no HAProxy',
  )
})

test('exempts private networks and those of the file', () => {
  const config = desired({ settings: 'tls = true\nexempt_networks = ["198.51.100.0/24"]' }).text('haproxy.cfg')
  assert.match(config, /^ {2}acl is_exempt src 127\.0\.0\.0\/8 .* 198\.51\.100\.0\/24$/m)
})

test('listens on IPv6 where the host has it', () => {
  assert.match(desired().text('haproxy.cfg'), /^ {2}bind \[::\]:443 v6only$/m)
  assert.not.match(desired({ hasIpv6: false }).text('haproxy.cfg'), /::]/)
})

test('leads to the host’s own sshd only where the file asks for it, and only who asks for it', () => {
  const open = desired({ settings: 'tls = true\nadmin_tls = true\nadmin_port = 2022' }).text('haproxy.cfg')
  assert.match(open, /^ {2}use_backend admin if \{ ssl_fc_alpn oobm-admin \}\n {2}default_backend sshd$/m)
  assert.match(open, /^backend admin\n {2}server sshd 127\.0\.0\.1:2022$/m)
  assert.not.match(desired().text('haproxy.cfg'), /alpn|admin/)
})

test('refuses what cannot be', () => {
  const refused = (settings: string, pattern: RegExp) => assert.throws(() => desired({ settings }), pattern)
  refused('tls = true\nport = 822', /port.*822 is the port on 127\.0\.0\.1 of the sshd behind HAProxy/)
  refused('tls = true\nadmin_port = 822', /admin_port.*822/)
  refused('admin_tls = true', /admin_tls.*needs tls = true/)
  refused('tls = "yes"', /tls.*must be true or false/)
  const shared = `version = 1\n[[relays]]\nname = "a"\nhost = "a.example"\nuser = "oobm"\nhost_keys = ["${KEY}"]\ntls = true\n`
  assert.throws(() => parseFleet('fleet.toml', shared), /tls.*needs accounts = "dedicated"/)
})

test.run()
