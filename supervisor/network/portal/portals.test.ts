import { Duplex } from 'node:stream'
import * as assert from 'uvu/assert'
import { silentLog } from '../../../runtime/log.ts'
import { suite } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import type { Opened } from '../../../transport/open-stream.ts'
import { FakeClock } from '../../loop/testing/fake-clock.ts'
import { Portals } from './portals.ts'

const test = suite('portals')

/** A network in which nothing answers; it counts who is asked. */
function scene() {
  const clock = new FakeClock()
  const asked: string[] = []
  let network: string | undefined = 'net 1'
  /** Interfaces whose DHCP is asked for a portal, and what it says. */
  const apis: string[] = []
  let dhcp: URL | undefined
  let open: (address: string) => Promise<Opened> = async () => REFUSED
  const portals = new Portals({
    clock,
    signal: new AbortController().signal,
    log: silentLog,
    changed: () => {},
    dhcpPortal: name => {
      apis.push(name)
      return dhcp
    },
    pathOf: () => ({
      lookup: async () => [],
      isIPv6Only: () => false,
      network: () => network,
      open: ({ address }) => {
        asked.push(address)
        return open(address)
      },
    }),
  })
  return {
    ...{ clock, portals, asked, apis },
    dhcpSays: (api: string) => {
      dhcp = new URL(api)
    },
    move: (to: string) => {
      network = to
    },
    answer: () => {
      open = async () => answering()
    },
    hang: () => {
      open = () => new Promise(() => {})
    },
  }
}

/** What a portal answers. */
function answering() {
  const stream = new Duplex({
    read() {},
    write(_, __, done) {
      this.push('HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\n\r\n')
      done()
    },
  })
  return { ok: true, stream, localAddress: '' } as const
}

const REFUSED = { ok: false, fault: { kind: 'refused' } } as const
const idle = () => new Promise(resolve => setImmediate(resolve))

test('asks the API that DHCP names first, then the relay, both over the same interface', async () => {
  const { clock, portals, asked, apis, dhcpSays } = scene()
  dhcpSays('https://192.0.2.9/api')
  portals.notReached('192.0.2.1', undefined)
  await waitFor('both to be asked', () => asked.length === 2)
  assert.equal(asked, ['192.0.2.9', '192.0.2.1'])
  portals.notReached('192.0.2.1', 'wlan0')
  await waitFor('both to be asked', () => asked.length === 4)
  assert.equal(apis, ['net', 'wlan0'])
  assert.is(clock.nowMs(), 0)
})

test('looks once in five minutes on one network, and at once on another one', async () => {
  const { clock, portals, asked, move } = scene()
  const fail = async () => {
    portals.notReached('192.0.2.1', undefined)
    await idle()
    return asked.length
  }
  assert.is(await fail(), 1)
  assert.is(await fail(), 1)
  await clock.runUntil(clock.nowMs() + 299_000)
  assert.is(await fail(), 1)
  await clock.runUntil(clock.nowMs() + 2_000)
  assert.is(await fail(), 2)
  move('net 2')
  assert.is(await fail(), 3)
  assert.equal(portals.list(), [])
})

test('has one look at a time, and each has an end', async () => {
  const { clock, portals, asked, hang } = scene()
  hang()
  for (const name of [undefined, 'eth0', 'wlan0']) portals.notReached('192.0.2.1', name)
  await idle()
  assert.is(asked.length, 1)
  await clock.runUntil(clock.nowMs() + 11_000)
  portals.notReached('192.0.2.1', 'eth0')
  await idle()
  assert.is(asked.length, 2)
})

test('what is found after a relay was reached is not shown', async () => {
  const { portals, answer } = scene()
  answer()
  portals.notReached('192.0.2.1', 'eth0')
  await waitFor('the portal', () => portals.list().length === 1)
  portals.reached('eth0')
  assert.equal(portals.list(), [])
  portals.notReached('192.0.2.1', 'eth0')
  portals.reached('eth0')
  portals.notReached('192.0.2.1', 'wlan0')
  await waitFor('the end of that look', () => {
    portals.notReached('192.0.2.1', 'wlan0')
    return portals.list().length > 0
  })
  assert.equal(
    portals.list().map(({ interface: name }) => name),
    ['wlan0'],
  )
})

test.run()
