import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { servedRange } from './dhcp-server.ts'
import { siteSchema } from './site-config.ts'
import { uplinkSchema } from './uplink-settings.ts'

const test = suite('settings of a router')
const router = (more: object) => ({
  interfaces: [{ name: 'eth0', role: 'router', address: '192.168.77.1/24', ...more }],
})
const first = (entry: object, port: object = {}) => ({ ...router(port), firstInstallation: [{ name: 'x', ...entry }] })

test('finds what cannot be meant, and says what to write', () => {
  const cases: [site: object, problem: RegExp | undefined][] = [
    [router({ dhcpRange: '192.168.77.10-192.168.77.20' }), undefined],
    [router({ dhcpRange: '192.168.77.10' }), /must be two IPv4 addresses such as/],
    [router({ dhcpRange: '192.168.77.20-192.168.77.10' }), /ends before it begins/],
    [
      router({ dhcpRange: '192.168.78.1-192.168.78.9' }),
      /is not in the network of .*: 192\.168\.77\.1-192\.168\.77\.254/,
    ],
    [router({ dhcpRange: '192.168.77.1-192.168.77.9' }), /contains 192\.168\.77\.1, the address of this port itself/],
    [router({ dhcpRange: '192.168.77.10-192.168.77.20', dhcpServer: false }), /add dhcp_server = true/],
    [{ interfaces: [{ name: 'eth0', dhcpServer: true }] }, /this port asks for its own address/],
    [router({ role: 'static', gateway: '192.168.77.9', dhcpServer: true }), /this port has a gateway, and leads out/],
    [router({ role: 'static', dhcpServer: true }), undefined],
    [first({ mac: '00:1c:73:00:00:01', bootFile: 'x' }), undefined],
    [first({ mac: '001c73000001', bootFile: 'x' }), /must be a MAC address such as/],
    [first({ bootFile: 'x' }), /for whom is it\? Write mac, or vendor_class/],
    [first({ mac: '00:1c:73:00:00:01', vendorClass: 'x', bootFile: 'x' }), /make two entries/],
    [first({ vendorClass: 'x' }), /says nothing to the equipment/],
    [first({ vendorClass: 'x', bootFile: 'a,b' }), /must not contain any of/],
    [first({ vendorClass: 'x\ndhcp-script=/bin/sh', bootFile: 'a' }), /must be plain characters/],
    [first({ vendorClass: 'x', vendorText: 'a', vendorHex: '00' }), /use one of them/],
    [first({ vendorClass: 'x', vendorOptions: ['1'] }), /must be a number 0 to 254, = and a text/],
    [first({ vendorClass: 'x', vendorHex: '0' }), /1 to 255 bytes in hexadecimal digits/],
    [
      first({ vendorClass: 'x', bootFile: 'x' }, { dhcpServer: false }),
      /for a port that gives addresses, and there is none/,
    ],
  ]
  for (const [site, problem] of cases) {
    const result = siteSchema.safeParse(site)
    if (problem === undefined) assert.ok(result.success, `${JSON.stringify(site)}: ${result.error?.message}`)
    else assert.match(result.error?.message ?? 'accepted', problem)
  }
})

test('refuses rates and budgets that are none', () => {
  const problem = (entry: object) =>
    uplinkSchema.safeParse({ interface: 'wwan0', ...entry }).error?.message ?? 'accepted'
  assert.is(problem({ uplinkKbit: { up: 1_000, down: 5_000 }, budgetMbDay: 500, budgetZone: 'Asia/Tokyo' }), 'accepted')
  assert.match(problem({ uplinkKbit: { up: 5, down: 5_000 } }), 'at least 64 (kilobits a second)')
  assert.match(problem({ budgetMbDay: 0 }), 'leave it out for no limit')
  assert.match(problem({ budgetMbDay: 5, budgetResetHour: 24 }), 'must be 0 to 23')
  assert.match(problem({ budgetMbDay: 5, budgetZone: 'Tokio' }), 'must be a time zone such as')
  assert.match(problem({ budgetResetHour: 3 }), 'is of budget_mb_day, which is not there')
})

test('gives the highest addresses, and never its own', () => {
  const range = (address: string) => servedRange({ name: 'eth0', role: 'router', address })
  assert.equal(range('192.168.77.1/24'), { first: '192.168.77.155', last: '192.168.77.254' })
  assert.equal(range('192.168.77.254/24'), { first: '192.168.77.154', last: '192.168.77.253' })
  assert.equal(range('10.0.0.1/30'), { first: '10.0.0.2', last: '10.0.0.2' })
  assert.equal(range('10.0.0.2/30'), { first: '10.0.0.1', last: '10.0.0.1' })
})

test.run()
