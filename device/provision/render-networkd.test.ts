import * as assert from 'uvu/assert'
import * as z from 'zod'
import { type SiteInput, siteShape } from '../../formats/site-config.ts'
import { suite } from '../../testbed/suite.ts'
import { renderNetworkd } from './render-networkd.ts'

const test = suite('render-networkd')

const render = (interfaces: NonNullable<SiteInput['interfaces']>) =>
  renderNetworkd(z.strictObject(siteShape).parse({ interfaces }))

test('a modem has neither the addresses nor the metric of a cable', () => {
  const files = render([{ name: 'wired', addresses: ['192.0.2.10/24'], gateways: ['192.0.2.1'] }])
  const modem = files['60-oobm-modem.network'] ?? ''
  assert.match(modem, /^\[Match\]\nDriver=.*\bcdc_ether\b.*\brndis_host\b.*\n\n/)
  assert.match(modem, /\nDHCP=yes\n[\s\S]*\n\[DHCPv4\]\n[\s\S]*RouteMetric=700\n/)
  assert.not.match(modem, /192\.0\.2|Gateway/)
  assert.match(files['60-oobm-wired.network'] ?? '', 'Metric=100')
  // What networkd looks at first wins, and "wired" matches most modems, too.
  const order = Object.keys(files).sort()
  assert.ok(order.indexOf('60-oobm-modem.network') < order.indexOf('60-oobm-wired.network'))
})

test('an interface by its own name has the metric of its kind', () => {
  for (const [name, metric] of [
    ['eth1', 100],
    ['wlan1', 600],
    ['usb0', 700],
    ['wwan0', 700],
  ] as const)
    assert.match(render([{ name }])[`50-oobm-${name}.network`] ?? '', `RouteMetric=${metric}`)
})

test('all modems can be told at once', () => {
  const file = render([{ name: 'modem', addresses: ['192.0.2.10/24'] }])['60-oobm-modem.network'] ?? ''
  assert.match(file, 'Driver=')
  assert.match(file, 'Address=192.0.2.10/24')
})

test('a port for those beside the board has its address without a cable, and no way out', () => {
  const file = (entry: object) =>
    render([{ name: 'eth0', role: 'static', address: '192.168.77.1/24', ...entry }])['50-oobm-eth0.network'] ?? ''
  const local =
    /\nDHCP=no\nLinkLocalAddressing=yes\nIPv6AcceptRA=no\nConfigureWithoutCarrier=yes\n\n\[Address\]\nAddress=192\.168\.77\.1\/24\nRouteMetric=4096\n/
  assert.match(file({}), local)
  assert.match(file({ role: 'router' }), local)
  const uplink = file({ gateway: '192.168.77.254' })
  assert.match(uplink, /\[Route\]\nGateway=192\.168\.77\.254\nMetric=100\n/)
  assert.not.match(uplink, /IPv6AcceptRA=no|ConfigureWithoutCarrier|LinkLocalAddressing/)
})

test('a wired port that waits for DHCP has a link-local address meanwhile; Wi-Fi, modems and fixed addresses have none', () => {
  const files = render([
    { name: 'eth0', fallback: '192.168.77.1/24' },
    { name: 'eth1', role: 'client' },
    { name: 'eth2', addresses: ['192.0.2.10/24'] },
    { name: 'wlan0', dns: ['192.0.2.1'] },
  ])
  const having = Object.keys(files).filter(name => files[name]?.includes('\nLinkLocalAddressing=yes\n'))
  assert.equal(having.sort(), ['50-oobm-eth0.network', '50-oobm-eth1.network', '60-oobm-wired.network'])
})

test.run()
