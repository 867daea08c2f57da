/** `fallback-address` beside the real systemd-networkd and real DHCP servers: which addresses a port has, and when. */
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import * as z from 'zod'
import { renderNetworkd } from '../../device/provision/render-networkd.ts'
import { siteShape } from '../../formats/site-config.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { missingForNetworkd, type NetworkdMachine, startNetworkdMachine } from './testing/networkd-machine.ts'

const test = suite('fallback address')
const SCRIPT = join(import.meta.dirname, 'files/usr/lib/oobm/fallback-address')
const FALLBACK = '192.168.77.1/24'
/** Seconds of a lease: as short as a client takes it. */
const LEASE_S = 12

/** Without the link-local one that networkd has beside them while there is no lease (link-local.itest.ts). */
async function addressesOf(machine: NetworkdMachine): Promise<string[]> {
  return (await machine.addresses()).filter(address => !address.startsWith('169.254.'))
}

async function startPort(context: TestContext) {
  const site = z.strictObject(siteShape).parse({ interfaces: [{ name: 'eth0', fallback: FALLBACK }] })
  const network = Object.entries(renderNetworkd(site)).map(([name, text]) => [`/run/systemd/network/${name}`, text])
  const machine = await startNetworkdMachine(context, {
    ...Object.fromEntries(network),
    '/run/oobm-provision/fallback-eth0': `${FALLBACK}\n`,
  })
  const startScript = () => machine.start(SCRIPT, 'eth0')
  const has = (what: string, matches: (addresses: string[]) => boolean) =>
    waitFor(what, async () => matches(await addressesOf(machine)), { timeoutMs: 60_000, paceMs: 200 })
  return {
    ...{ machine, startScript },
    hasFallbackAlone: () => has('the fallback address alone', addresses => addresses.join() === FALLBACK),
    hasLeaseAlone: (start: string) =>
      has('the lease alone', ([first, ...more]) => first?.startsWith(start) === true && more.length === 0),
  }
}

/** A DHCP server at the site, with short leases, that gives 10.9.NET.50 to 10.9.NET.60. */
async function serve(machine: NetworkdMachine, net: number, first = 50) {
  await machine.atSite(`ip address replace 10.9.${net}.1/24 dev site0`)
  const config = `interface site0
start 10.9.${net}.${first}
end 10.9.${net}.60
option subnet 255.255.255.0
option router 10.9.${net}.1
option lease ${LEASE_S}
max_leases 9
min_lease ${LEASE_S}
lease_file /run/udhcpd.leases
`
  await machine.atSite('rm -f /run/udhcpd.leases; touch /run/udhcpd.leases')
  return machine.startAtSite('busybox', 'udhcpd', '-f', await machine.file(`udhcpd-${net}.conf`, config))
}

const missing = missingForNetworkd()
if (missing !== undefined) test.skip('a port has its fallback address while it has no lease', missing)
else {
  test(
    'it is there from the beginning, goes for a lease, stays away while that is renewed, and comes back',
    async context => {
      const { machine, startScript, hasFallbackAlone, hasLeaseAlone } = await startPort(context)
      await hasFallbackAlone()
      // A laptop beside the board.
      await machine.atSite('ip address add 192.168.77.9/24 dev site0; arping -q -c 3 -w 10 -f -I site0 192.168.77.1')
      const script = startScript()
      const server = await serve(machine, 1)
      await hasLeaseAlone('10.9.1.')
      await script.says(/^eth0 has a lease: 192\.168\.77\.1\/24 is taken off eth0$/m)
      assert.match(await machine.sh('ip route'), 'default via 10.9.1.1 dev eth0')
      const count = () => (server.output().match(/sending ACK/g) ?? []).length
      const before = count()
      await waitFor('three renewals', () => count() >= before + 3, { timeoutMs: 60_000 })
      assert.is((await addressesOf(machine)).length, 1)
      assert.not.match(script.output(), 'is set')

      await server.stop()
      await hasFallbackAlone()
      await script.says(/^eth0 has no lease: 192\.168\.77\.1\/24 is set$/m)
      assert.match(await machine.sh('ip route'), /^192\.168\.77\.0\/24 dev eth0 .*metric 4096/m)
      await machine.atSite('arping -q -c 3 -w 10 -f -I site0 192.168.77.1')

      // Another network: the first one's address is refused.
      const second = await serve(machine, 2)
      await hasLeaseAlone('10.9.2.')
      await second.stop()
      await serve(machine, 3)
      await hasLeaseAlone('10.9.3.')
    },
    { timeoutMs: 240_000 },
  )

  test(
    'a program that is killed, or a cable that is pulled, leaves no port without an address',
    async context => {
      const { machine, startScript, hasFallbackAlone, hasLeaseAlone } = await startPort(context)
      const script = startScript()
      const server = await serve(machine, 1)
      await hasLeaseAlone('10.9.1.')
      await machine.sh(`pkill -KILL -f '^/bin/bash ${SCRIPT}'`)
      await waitFor('its end', () => script.ended())
      await machine.atSite('ip link set site0 down')
      await server.stop()
      await waitFor('no address', async () => (await addressesOf(machine)).length === 0, { timeoutMs: 30_000 })
      await machine.atSite('ip link set site0 up')
      await hasFallbackAlone()
      startScript()
      await serve(machine, 1)
      await hasLeaseAlone('10.9.1.')
    },
    { timeoutMs: 200_000 },
  )

  test(
    'it is not set while another host has it, or another interface is in its network',
    async context => {
      const { machine, startScript, hasFallbackAlone } = await startPort(context)
      await hasFallbackAlone()
      const script = startScript()
      // The network of a site, by another interface, with the fallback as its gateway's address.
      await machine.sh('ip link add wlan0 type veth peer name far0; ip link set wlan0 up; ip link set far0 up')
      await machine.sh('ip address add 192.168.77.50/24 dev wlan0')
      await script.says(/^wlan0 has 192\.168\.77\.50\/24, in the same network: 192\.168\.77\.1\/24 is taken off eth0$/m)
      assert.equal(await addressesOf(machine), [])
      await machine.sh('ip address del 192.168.77.50/24 dev wlan0')
      await hasFallbackAlone()

      await machine.sh('ip address del 192.168.77.1/24 dev eth0')
      await machine.atSite('ip address add 192.168.77.1/24 dev site0')
      await hasNoAddress()
      await script.says(/^another host on eth0 uses 192\.168\.77\.1: it is not set until that host is gone$/m, 60_000)
      await machine.atSite('ip address del 192.168.77.1/24 dev site0')
      await hasFallbackAlone()

      async function hasNoAddress() {
        await machine.sh('ip address flush dev eth0 scope global')
      }
    },
    { timeoutMs: 200_000 },
  )

  test(
    'a lease of that very address, and one without an end, are leases',
    async context => {
      const { machine, startScript, hasFallbackAlone, hasLeaseAlone } = await startPort(context)
      await hasFallbackAlone()
      const script = startScript()
      await machine.atSite('ip address add 192.168.77.2/24 dev site0')
      const dnsmasq = [
        '-k',
        '-C',
        '/dev/null',
        '--port=0',
        '--bind-interfaces',
        '--interface=site0',
        '--leasefile-ro',
        '--no-ping',
        '--log-facility=-',
      ]
      const same = machine.startAtSite('dnsmasq', ...dnsmasq, '--dhcp-range=192.168.77.1,192.168.77.1,infinite')
      await waitFor('the lease', async () => (await machine.sh('ip route')).includes('default via 192.168.77.2'), {
        timeoutMs: 60_000,
      })
      await machine.sh('sleep 3')
      assert.equal(await addressesOf(machine), [FALLBACK])
      assert.not.match(script.output(), 'taken off')
      await same.stop()

      // Another cable: networkd overlooks one that is away for a moment.
      await machine.atSite('ip link set site0 down; ip address flush dev site0; ip address add 10.9.1.1/24 dev site0')
      await waitFor('no address', async () => (await addressesOf(machine)).length === 0, { timeoutMs: 30_000 })
      await machine.atSite('ip link set site0 up')
      machine.startAtSite('dnsmasq', ...dnsmasq, '--dhcp-range=10.9.1.50,10.9.1.60,infinite')
      await hasLeaseAlone('10.9.1.')
      assert.match(await machine.sh('ip -4 -o address show dev eth0'), 'valid_lft forever')
    },
    { timeoutMs: 200_000 },
  )
}

test.run()
