import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { uplinksOf } from './uplink.ts'

const test = suite('uplink')
const HEAD = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n'
const route = (name: string, destination: string, metric: number, mask: string) =>
  `${name}\t${destination}\t0101A8C0\t0003\t0\t0\t${metric}\t${mask}\t0\t0\t0\n`
const ZERO = '0'.repeat(32)

test('is the interface of the best default route, and after it those of the others', () => {
  const routes = route('wwan0', '00000000', 700, '00000000') + route('eth0', '00000000', 100, '00000000')
  assert.equal(uplinksOf(HEAD + routes + route('tun0', '0000A8C0', 0, '00FFFFFF'), ''), ['eth0', 'wwan0'])
})

test('is IPv6’s where there is no other, and never the loopback', () => {
  const v6 = (name: string, metric: string) =>
    `${ZERO} 00 ${ZERO} 00 ${ZERO} ${metric} 00000001 00000000 00200200 ${name}\n`
  assert.equal(uplinksOf(HEAD, v6('lo', '00000001') + v6('wlan0', '00000400')), ['wlan0'])
})

test('is unknown without a default route', () => {
  assert.equal(uplinksOf(HEAD + route('eth0', '0001A8C0', 100, '00FFFFFF'), ''), [])
  assert.equal(uplinksOf('', ''), [])
})

test.run()
