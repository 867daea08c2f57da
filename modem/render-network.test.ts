import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { METHOD } from './modem-manager/names.ts'
import type { BearerFacts, IpFacts } from './modem-manager/read-modems.ts'
import { NO_NETWORK, renderIdle, renderNetwork } from './render-network.ts'

const test = suite('network of a bearer')

const ip = (more: Partial<IpFacts>): IpFacts => ({
  ...{ method: METHOD.static, address: '', prefix: 0, gateway: '', dns: [], mtu: 0, ...more },
})
const bearer = (more: Partial<BearerFacts>): BearerFacts => ({
  ...{ path: '/Bearer/0', isConnected: true, interface: 'wwan0', apn: '', user: '', password: '', family: 4 },
  ...{ ip4: undefined, ip6: undefined, ...more },
})
const ip4 = ip({ address: '10.64.1.2', prefix: 30, gateway: '10.64.1.1', dns: ['10.0.0.53', '10.0.0.54'], mtu: 1430 })

test('is fixed addresses with the router on the link, the least MTU, and a route after cable and Wi-Fi', () => {
  const ip6 = ip({ address: '2001:db8::2', prefix: 64, gateway: 'fe80::1', dns: ['2001:db8::53'], mtu: 1400 })
  assert.is(
    renderNetwork(bearer({ ip4, ip6 })),
    `[Match]
Name=wwan0

[Link]
RequiredForOnline=no
MTUBytes=1400

[Network]
DHCP=no
LinkLocalAddressing=ipv6
IPv6AcceptRA=no
Address=10.64.1.2/30
DNS=10.0.0.53
DNS=10.0.0.54
Address=2001:db8::2/64
DNS=2001:db8::53

[Route]
Gateway=10.64.1.1
GatewayOnLink=yes
Metric=700

[Route]
Gateway=fe80::1
GatewayOnLink=yes
Metric=700
`,
  )
})

test('is DHCP or router advertisements where the modem says so', () => {
  const automatic = ip({ method: METHOD.dhcp })
  const v4 = renderNetwork(bearer({ ip4: automatic }))
  assert.match(v4, 'DHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n')
  assert.match(v4, '[DHCPv4]\nClientIdentifier=mac\nRouteMetric=700\n')
  const v6 = renderNetwork(bearer({ ip6: { ...automatic, address: 'fe80::5', prefix: 64 } }))
  assert.match(v6, 'DHCP=no\nLinkLocalAddressing=ipv6\nIPv6AcceptRA=yes\nAddress=fe80::5/64\n')
  assert.match(v6, '[IPv6AcceptRA]\nRouteMetric=700\n')
})

test('leads everywhere without a router, and keeps the kernel’s MTU where the network names none that can be', () => {
  const text = renderNetwork(bearer({ ip4: { ...ip4, gateway: '', mtu: 60 } }))
  assert.match(text, '[Route]\nDestination=0.0.0.0/0\nScope=link\nMetric=700\n')
  assert.not.match(text, 'MTUBytes')
})

test('takes nothing that is no address, and no interface that is none', () => {
  const evil = 'x\n[Match]\nName=eth0'
  for (const wrong of [
    bearer({ ip4: { ...ip4, address: `10.0.0.1\n${evil}` } }),
    bearer({ ip4: { ...ip4, address: '2001:db8::1' } }),
    bearer({ ip4: ip4, interface: evil }),
    bearer({ ip4: ip4, interface: '' }),
    bearer({ ip4: ip4, interface: '*' }),
    bearer({ ip4: { ...ip4, method: METHOD.ppp } }),
    bearer({}),
  ])
    assert.throws(() => renderNetwork(wrong))
  const text = renderNetwork(
    bearer({ ip4: { ...ip4, gateway: evil, dns: [evil, '10.0.0.53'], prefix: 4_000, mtu: Number.NaN } }),
  )
  assert.not.match(text, 'eth0')
  assert.match(text, 'Address=10.64.1.2/32\nDNS=10.0.0.53\n')
  assert.is(renderIdle(evil), NO_NETWORK)
  assert.match(renderIdle('wwan0'), 'Name=wwan0\n')
})

test.run()
