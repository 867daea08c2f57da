import * as assert from 'uvu/assert'
import type { UplinkKind } from '../../formats/uplink-settings.ts'
import { suite } from '../../testbed/suite.ts'
import { type KernelTexts, uplinksOf } from './list-uplinks.ts'

const test = suite('list-uplinks')

const HEAD = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n'
const v4 = (name: string, metric: number, gateway = '0101A8C0') =>
  `${name}\t00000000\t${gateway}\t0003\t0\t0\t${metric}\t00000000\t0\t0\t0\n`
const ZERO = '0'.repeat(32)
const v6 = (name: string, metric: string) =>
  `${ZERO} 00 ${ZERO} 00 fe80000000000000000000000000ff01 ${metric} 00000001 00000000 00200200 ${name}\n`
const at = (name: string, cidr: string) => ({ name, cidr, address: cidr.replace(/\/.*/, ''), internal: false })

function listed(texts: Partial<KernelTexts>, kinds: Record<string, UplinkKind>, noCarrier: string[] = []) {
  const kindOf = (name: string) => kinds[name]
  const hasCarrier = (name: string) => !noCarrier.includes(name)
  return uplinksOf({ v4: '', v6: '', addresses: [], kindOf, hasCarrier, ...texts })
}

test('lists what has a carrier, an address and a default route, and which one the kernel takes', () => {
  const found = listed(
    {
      v4: HEAD + v4('wlan0', 600) + v4('eth0', 100) + v4('eth1', 50) + v4('eth2', 70),
      addresses: [
        at('eth0', '192.168.1.2/24'),
        at('wlan0', '10.0.0.2/8'),
        at('eth1', '169.254.1.1/16'),
        at('eth3', '10.9.0.1/8'),
      ],
    },
    { eth0: 'cable', eth1: 'cable', eth2: 'cable', eth3: 'cable', wlan0: 'wifi' },
    [],
  )
  assert.equal(
    found.map(({ name, kind, isDefault }) => [name, kind, isDefault]),
    [
      ['eth0', 'cable', false],
      ['wlan0', 'wifi', false],
    ],
  )
  const [only] = listed({ v4: HEAD + v4('eth0', 100), addresses: [at('eth0', '192.168.1.2/24')] }, { eth0: 'cable' })
  assert.is(only?.isDefault, true)
})

test('an interface without a carrier is none, also where the kernel would still take it', () => {
  const addresses = [at('eth0', '192.168.1.2/24'), at('wlan0', '10.0.0.2/8')]
  const texts = { v4: HEAD + v4('eth0', 100) + v4('wlan0', 600), addresses }
  const found = listed(texts, { eth0: 'cable', wlan0: 'wifi' }, ['eth0'])
  assert.equal(
    found.map(({ name, isDefault }) => [name, isDefault]),
    [['wlan0', false]],
  )
})

test('IPv6 alone makes one, with an address that is not link-local', () => {
  const routes = v6('wlan0', '00000400') + v6('lo', '00000001')
  assert.equal(listed({ v6: routes, addresses: [at('wlan0', 'fe80::1/64')] }, { wlan0: 'wifi' }), [])
  const [found] = listed({ v6: routes, addresses: [at('wlan0', '2001:db8::2/64')] }, { wlan0: 'wifi' })
  assert.equal(found?.addresses, ['2001:db8::2'])
  assert.is(found?.isDefault, true)
})

test('there is none while a VPN has the default route', () => {
  const texts = { v4: HEAD + v4('wg0', 10) + v4('eth0', 100), addresses: [at('eth0', '192.168.1.2/24')] }
  assert.equal(listed(texts, { eth0: 'cable' }), [])
  assert.is(listed(texts, { eth0: 'cable' }, ['wg0']).length, 1)
})

test('another router or another address is another network', () => {
  const link = (gateway: string, cidr: string) =>
    listed({ v4: HEAD + v4('eth0', 100, gateway), addresses: [at('eth0', cidr)] }, { eth0: 'cable' })[0]?.link
  assert.is(link('0101A8C0', '192.168.1.2/24'), link('0101A8C0', '192.168.1.2/24'))
  assert.is.not(link('0101A8C0', '192.168.1.2/24'), link('0201A8C0', '192.168.1.2/24'))
  assert.is.not(link('0101A8C0', '192.168.1.2/24'), link('0101A8C0', '192.168.1.3/24'))
})

test('a temporary address of IPv6 that comes or goes is the same network, another prefix is another one', () => {
  const routes = v6('eth0', '00000400')
  const link = (...cidrs: string[]) =>
    listed({ v6: routes, addresses: cidrs.map(cidr => at('eth0', cidr)) }, { eth0: 'cable' })[0]?.link
  const first = link('2001:db8:1:2:211:22ff:fe33:4455/64', '2001:db8:1:2:c0de::1/64')
  assert.is(link('2001:db8:1:2:211:22ff:fe33:4455/64', '2001:db8:1:2:d00d::7/64'), first)
  assert.is(link('2001:db8:1:2:211:22ff:fe33:4455/64'), first)
  assert.is.not(link('2001:db8:1:3:211:22ff:fe33:4455/64'), first)
  assert.is(link('2001:db8::5/64'), link('2001:db8::a:0:0:7/64'))
  assert.is.not(link('2001:db8::5/128'), link('2001:db8::7/128'))
  assert.is.not(link('2001:db8::5/64', '2001:db8:0:1::5/64'), link('2001:db8::5/64'))
})

test.run()
