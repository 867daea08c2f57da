import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { networkIdentity } from './network-identity.ts'

const test = suite('network-identity')

const ROUTE = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n'
const ARP = 'IP address       HW type     Flags       HW address            Mask     Device\n'
const route = (name: string, gateway: string, metric: number) =>
  `${name}\t00000000\t${gateway}\t0003\t0\t0\t${metric}\t00000000\t0\t0\t0\n`
const neighbour = (ip: string, flags: string, mac: string, name: string) =>
  `${ip}      0x1         ${flags}         ${mac}     *        ${name}\n`
const ZERO = '0'.repeat(32)

test('is the hardware address of the gateway of the best route, or of one interface', () => {
  const tables = {
    v4: ROUTE + route('wlan0', '0101A8C0', 600) + route('eth0', '0101A8C0', 100),
    v6: '',
    arp: `${ARP}${neighbour('192.168.1.1', '0x2', '02:00:00:00:00:01', 'eth0')}${neighbour('192.168.1.1', '0x2', '02:00:00:00:00:02', 'wlan0')}`,
  }
  assert.is(networkIdentity(tables), 'eth0 02:00:00:00:00:01')
  assert.is(networkIdentity(tables, 'wlan0'), 'wlan0 02:00:00:00:00:02')
  assert.is(networkIdentity(tables, 'usb0'), undefined)
})

test('is unknown until the gateway has answered', () => {
  const v4 = ROUTE + route('eth0', '0101A8C0', 100)
  assert.is(networkIdentity({ v4, v6: '', arp: ARP }), undefined)
  const arp = ARP + neighbour('192.168.1.1', '0x0', '00:00:00:00:00:00', 'eth0')
  assert.is(networkIdentity({ v4, v6: '', arp }), undefined)
})

test('is the interface on a line without a gateway, and the router where there is only IPv6', () => {
  assert.is(networkIdentity({ v4: ROUTE + route('ppp0', '00000000', 0), v6: '', arp: ARP }), 'ppp0')
  const v6 = `${ZERO} 00 ${ZERO} 00 fe80000000000000020000fffe000001 00000400 00000001 00000000 00000003 wlan0\n`
  assert.is(networkIdentity({ v4: ROUTE, v6, arp: ARP }), 'wlan0 fe80000000000000020000fffe000001')
  assert.is(networkIdentity({ v4: '', v6: '', arp: '' }), undefined)
})

test.run()
