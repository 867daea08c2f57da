import type { NetworkInterfaceInfo } from 'node:os'
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { describeFallback } from './fallback-checks.ts'

const test = suite('fallback address in doctor')

const has = (...cidrs: string[]) =>
  cidrs.map(
    (cidr): NetworkInterfaceInfo => ({
      ...{ address: cidr.split('/')[0] ?? '', netmask: '', mac: '', internal: false, cidr },
      family: 'IPv4',
    }),
  )

test('says whether the address is there, and why not', () => {
  const cases: [Record<string, NetworkInterfaceInfo[]>, string, RegExp][] = [
    [{ eth0: has('192.168.77.1/24') }, 'ok', /is there: no lease/],
    [{ eth0: has('10.9.0.5/24') }, 'ok', /is away: there is 10\.9\.0\.5\/24/],
    [{ eth0: has('192.168.77.50/16') }, 'warning', /in the same network as the lease, 192\.168\.77\.50\/16/],
    [{ eth0: has('192.168.77.1/24', '10.9.0.5/24') }, 'wrong', /is there beside 10\.9\.0\.5\/24/],
    [{ eth0: [], wlan0: has('192.168.77.9/26') }, 'warning', /wlan0 has 192\.168\.77\.9\/26, in the same network/],
    [{ eth0: [], wlan0: has('192.168.78.9/24') }, 'warning', /192\.168\.77\.1\/24 is away$/],
    [{}, 'warning', /is away$/],
  ]
  for (const [interfaces, verdict, detail] of cases) {
    const finding = describeFallback('eth0', '192.168.77.1/24', interfaces)
    assert.is(finding.result, verdict, JSON.stringify(finding))
    assert.match(finding.detail, detail)
  }
})

test.run()
