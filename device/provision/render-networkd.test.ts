import * as assert from 'uvu/assert'
import * as z from 'zod'
import { siteShape } from '../../formats/site-config.ts'
import { suite } from '../../testbed/suite.ts'
import { renderNetworkd } from './render-networkd.ts'

const test = suite('render-networkd')

const render = (interfaces: { name: string; addresses?: string[]; gateways?: string[] }[]) =>
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

test.run()
