import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { behindNat64, isIPv6Only, prefixesIn } from './nat64.ts'

const test = suite('nat64')

/** The table of RFC 6052, section 2.4, with the last one by the well-known prefix. */
const EXAMPLES: [prefix: string, address: string][] = [
  ['2001:db8::/32', '2001:db8:c000:221::'],
  ['2001:db8:100::/40', '2001:db8:1c0:2:21::'],
  ['2001:db8:122::/48', '2001:db8:122:c000:2:2100::'],
  ['2001:db8:122:300::/56', '2001:db8:122:3c0:0:221::'],
  ['2001:db8:122:344::/64', '2001:db8:122:344:c0:2:2100:0'],
  ['2001:db8:122:344::/96', '2001:db8:122:344::c000:221'],
  ['64:ff9b::/96', '64:ff9b::c000:221'],
]

test('puts an IPv4 address behind a prefix of each length', () => {
  for (const [prefix, address] of EXAMPLES) {
    assert.is(behindNat64(prefix, '192.0.2.33'), new URL(`http://[${address}]`).hostname.slice(1, -1), prefix)
  }
})

test('finds the prefix of each length in the answer for the well-known name', () => {
  for (const [prefix] of EXAMPLES) {
    const answer = ['192.0.0.170', '192.0.0.171'].map(ipv4 => behindNat64(prefix, ipv4))
    assert.equal(prefixesIn(answer), [prefix])
    assert.equal(prefixesIn(answer.slice(1)), [prefix], 'one address alone')
  }
  assert.equal(prefixesIn(['64:ff9b::192.0.0.170', '2001:db8::c000:ab']), ['64:ff9b::/96', '2001:db8::/96'])
})

test('an address that has the well-known one twice is judged by the other one', () => {
  const twice = '2001:db8:c000:aa::c000:aa'
  assert.equal(prefixesIn([twice]), [])
  assert.equal(prefixesIn([twice, '2001:db8:c000:aa::c000:ab']), ['2001:db8:c000:aa::/96'])
  assert.equal(prefixesIn([twice, '2001:db8:c000:ab::c000:aa']), ['2001:db8::/32'])
})

test('takes nothing from what a resolver has no business to say', () => {
  const odd = ['', 'x', '192.0.0.170', '2001:db8::1', '::ffff:192.0.0.170', '::192.0.0.170', 'fe80::c000:aa']
  assert.equal(prefixesIn([...odd, 'fe80::c000:aa%eth0', 'ff02::c000:aa', '2001:db8:0:0:ff00::c000:aa']), [])
  const many = Array.from({ length: 1000 }, (_, at) => `2001:db8:${at.toString(16)}::c000:aa`)
  assert.is(prefixesIn(many).length, 4)
})

const v4 = (name: string, flags = '0003') =>
  `Iface\n${name}\t00000000\t0101A8C0\t${flags}\t0\t0\t100\t00000000\t0\t0\t0\n`
const v6 = (name: string, flags = '00000003') =>
  `${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00 fe80 400 0 0 ${flags} ${name}\n`

test('a network has IPv6 alone where a default route says so, and none of IPv4', () => {
  assert.ok(isIPv6Only({ v4: 'Iface\n', v6: v6('eth0') }))
  assert.not(isIPv6Only({ v4: v4('eth0'), v6: v6('eth0') }))
  assert.not(isIPv6Only({ v4: '', v6: '' }), 'a cable without a router')
  assert.not(isIPv6Only({ v4: '', v6: v6('lo', '00200200') }), 'what the kernel refuses')
  assert.ok(isIPv6Only({ v4: v4('eth0', '0201'), v6: v6('eth0') }), 'what the administrator refuses')
})

test('an interface is judged by its own routes', () => {
  const texts = { v4: v4('eth0'), v6: v6('eth0') + v6('wlan0') }
  assert.not(isIPv6Only(texts))
  assert.not(isIPv6Only(texts, 'eth0'))
  assert.ok(isIPv6Only(texts, 'wlan0'))
  assert.not(isIPv6Only(texts, 'usb0'))
})

test.run()
