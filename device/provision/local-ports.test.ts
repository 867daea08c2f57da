import * as assert from 'uvu/assert'
import * as z from 'zod'
import { type SiteInput, siteShape } from '../../formats/site-config.ts'
import { suite } from '../../testbed/suite.ts'
import { localPorts } from './local-ports.ts'

const test = suite('local ports')

const portsOf = (...interfaces: NonNullable<SiteInput['interfaces']>) =>
  localPorts(z.strictObject(siteShape).parse({ interfaces }))

test('a port may have a local address by its role, or while DHCP gives it none', () => {
  const address = '192.168.77.1/24'
  assert.equal(portsOf(), { wired: 'client -' })
  assert.equal(portsOf({ name: 'eth0', fallback: address }), { wired: 'client -', eth0: `client ${address}` })
  assert.equal(portsOf({ name: 'wired', role: 'client' }), { wired: 'client -' })
  assert.equal(portsOf({ name: 'eth0', role: 'static', address }), { wired: 'client -', eth0: `static ${address}` })
  assert.equal(portsOf({ name: 'eth0', role: 'router', address }), { wired: 'client -', eth0: `router ${address}` })
})

test('a port that leads out has none, and neither have Wi-Fi and modems', () => {
  const address = '192.168.77.1/24'
  const wired = { wired: 'client -' }
  assert.equal(portsOf({ name: 'eth0', role: 'static', address, gateway: '192.168.77.254' }), wired)
  assert.equal(portsOf({ name: 'eth0', addresses: [address] }), wired)
  // Beside DHCP it is always there.
  assert.equal(portsOf({ name: 'eth0', addresses: [address], dhcp: true }), wired)
  assert.equal(portsOf({ name: 'eth0', dhcp: false }), wired)
  assert.equal(portsOf({ name: 'wired', addresses: [address] }), {})
  for (const name of ['wlan0', 'wwan0', 'usb0', 'wifi', 'modem'])
    assert.equal(portsOf(name.endsWith('0') ? { name, fallback: address } : { name }), wired)
})

test.run()
