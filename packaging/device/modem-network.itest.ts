/** `oobm-modem` beside the real systemd-networkd, and a peer in ModemManager's place: what becomes of the network of a bearer. */
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import * as z from 'zod'
import { renderNetworkd } from '../../device/provision/render-networkd.ts'
import { ANY_MODEM } from '../../formats/cellular-settings.ts'
import { type ModemEntry, modemStatusSchema } from '../../formats/modem-status.ts'
import { siteShape } from '../../formats/site-config.ts'
import { stringifyToml } from '../../formats/toml-file.ts'
import { variant } from '../../modem/bus/values.ts'
import { METHOD, STATE } from '../../modem/modem-manager/names.ts'
import { type PeerBearer, startManagerPeer } from '../../modem/testing/manager-peer.ts'
import { programArgs } from '../../testbed/programs.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { missingForNetworkd, startNetworkdMachine } from './testing/networkd-machine.ts'

const test = suite('oobm-modem and networkd')
const PATIENCE = { timeoutMs: 240_000 }
const SERVER = '10.9.8.1'

const fixed = (
  address: string,
  gateway: string,
  more: Record<string, ReturnType<typeof variant>> = {},
): PeerBearer => ({
  interface: 'wwan0',
  ip4: {
    ...{ method: variant('u', METHOD.static), address: variant('s', address), prefix: variant('u', 30) },
    ...{ gateway: variant('s', gateway), dns1: variant('s', '10.9.8.53'), mtu: variant('u', 1430), ...more },
  },
})

async function start(context: TestContext) {
  const cellular = [{ apn: 'internet', interface: ANY_MODEM }]
  const site = z.strictObject(siteShape).parse({ cellular })
  const network = Object.entries(renderNetworkd(site)).map(([name, text]) => [`/run/systemd/network/${name}`, text])
  const machine = await startNetworkdMachine(context, {
    ...Object.fromEntries(network),
    '/run/oobm-provision/cellular.toml': stringifyToml({ cellular }),
  })
  // As `oobm provision` and the unit make them.
  await machine.sh('ln -s ../../oobm-modem/0.network /run/systemd/network/40-oobm-cellular-0.network')
  await machine.sh('mkdir /run/oobm-modem /run/state; ip link add wwan0 type veth peer name far0 netns site')
  await machine.atSite(`ip link set far0 up; ip address add ${SERVER}/32 dev lo`)
  const peer = await startManagerPeer(join(machine.root, 'run/dbus/system_bus_socket'))
  context.cleanup(() => peer.close())
  context.onFailure(() => `calls: ${peer.calls.join(' ')}`)
  context.onFailure(() => machine.sh('networkctl --no-pager status wwan0; ip address; ip route; cat /run/oobm-modem/*'))
  const env = [
    ...['RUNTIME_DIRECTORY=/run/oobm-modem', 'STATE_DIRECTORY=/run/state', 'OOBM_MODEM_BACKOFF_MS=500'],
    'CREDENTIALS_DIRECTORY=/run/oobm-provision',
  ]
  const entry = async (): Promise<ModemEntry | undefined> => {
    const text = await machine.sh('cat /run/oobm-modem/status.json 2>/dev/null || true')
    return text === '' ? undefined : modemStatusSchema.parse(JSON.parse(text)).modems[0]
  }
  const plug = (number: number, state: number = STATE.disabled) => {
    peer.modem = { number, state, operator: 'Example Mobile', registration: 1, bearer: undefined }
    peer.tell()
  }
  return {
    ...{ machine, peer, entry, plug },
    startDialler: () =>
      machine.start('env', '-C', process.cwd(), ...env, process.execPath, ...programArgs('modem/main.ts')),
    reaches: (state: ModemEntry['state']) =>
      waitFor(`the state ${state}`, async () => (await entry())?.state === state, { timeoutMs: 60_000, paceMs: 200 }),
    has: (what: string, line: string, pattern: RegExp) =>
      waitFor(what, async () => pattern.test(await machine.sh(line)), { timeoutMs: 60_000, paceMs: 200 }),
  }
}

const missing = missingForNetworkd()
if (missing !== undefined) test.skip('the network of a bearer is networkd’s', missing)
else {
  test(
    'the addresses, the router, the name server and the MTU of a bearer are there after cable and Wi-Fi, and go with it',
    async context => {
      const { machine, peer, plug, startDialler, reaches, has, entry } = await start(context)
      const dialler = startDialler()
      await reaches('no-modem')
      peer.answer = fixed('10.20.30.41', '10.20.30.42')
      plug(0)
      await reaches('connected')
      assert.equal(peer.calls, ['Enable', 'Connect'])
      assert.equal({ ...peer.asked[0] }, { apn: 'internet', 'ip-type': 4, 'allow-roaming': false })
      await has('the address', 'ip -4 -o address show dev wwan0', /inet 10\.20\.30\.41\/30/)
      await has('the route', 'ip -4 route', /^default via 10\.20\.30\.42 dev wwan0 .*metric 700/m)
      assert.match(await machine.sh('ip link show dev wwan0'), 'mtu 1430')
      assert.match(await machine.sh('networkctl --no-pager status wwan0'), /DNS: 10\.9\.8\.53/)
      // What is sent there arrives.
      await machine.atSite('ip address add 10.20.30.42/30 dev far0')
      await machine.sh(`arping -q -c 3 -w 10 -f -I wwan0 10.20.30.42`)
      const { operator, technology, interface: name, signal } = (await entry()) ?? {}
      assert.equal(
        { operator, technology, name, percent: signal?.percent },
        {
          ...{ operator: 'Example Mobile', technology: 'LTE', name: 'wwan0', percent: 67 },
        },
      )

      // The network drops the bearer: dialled again, with other addresses.
      peer.answer = fixed('10.20.31.1', '')
      if (peer.modem) Object.assign(peer.modem, { state: STATE.registered, bearer: undefined })
      peer.tell()
      await has('the other address', 'ip -4 -o address show dev wwan0', /inet 10\.20\.31\.1\/30/)
      assert.not.match(await machine.sh('ip -4 -o address show dev wwan0'), '10.20.30.41')
      await has('the route without a router', 'ip -4 route', /^default dev wwan0 .*metric 700/m)

      // A restart takes over what is connected.
      const before = peer.calls.length
      await dialler.stop()
      startDialler()
      await reaches('connected')
      assert.equal(peer.calls.slice(before), [])
      assert.match(await machine.sh('ip -4 -o address show dev wwan0'), '10.20.31.1')

      // Unplugged, and plugged as another one.
      peer.modem = undefined
      await machine.sh('ip link del wwan0')
      await reaches('no-modem')
      await machine.sh('ip link add wwan0 type veth peer name far0 netns site; ip -n site link set far0 up')
      plug(1)
      await reaches('connected')
      await has('the address again', 'ip -4 -o address show dev wwan0', /inet 10\.20\.31\.1\/30/)
    },
    PATIENCE,
  )

  test(
    'an address by DHCP, and one of router advertisements; a network that refuses the APN leaves none',
    async context => {
      const { machine, peer, plug, startDialler, reaches, has } = await start(context)
      await machine.atSite('ip address add 10.20.40.1/24 dev far0')
      const dnsmasq = ['-k', '-C', '/dev/null', '--port=0', '--bind-interfaces', '--interface=far0', '--leasefile-ro']
      machine.startAtSite(
        'dnsmasq',
        ...dnsmasq,
        '--no-ping',
        '--log-facility=-',
        '--dhcp-range=10.20.40.50,10.20.40.60',
      )
      startDialler()
      peer.answer = { interface: 'wwan0', ip4: { method: variant('u', METHOD.dhcp) } }
      plug(0)
      await reaches('connected')
      await has('the lease', 'ip -4 route', /^default via 10\.20\.40\.1 dev wwan0 .*metric 700/m)

      peer.answer = [
        'org.freedesktop.ModemManager1.Error.MobileEquipment.MissingOrUnknownApn',
        'Missing or unknown APN',
      ]
      if (peer.modem) Object.assign(peer.modem, { state: STATE.registered, bearer: undefined })
      peer.tell()
      await reaches('apn-refused')
      await has('no address', 'ip -4 -o address show dev wwan0; echo end', /^end$/m)
      // Both kinds of addresses, and then each alone, as the settings leave it open.
      await waitFor('all kinds', () => new Set(peer.asked.map(one => one['ip-type'])).size === 3, { timeoutMs: 60_000 })
    },
    PATIENCE,
  )

  test(
    'what a network says in place of an address does not get into a file of networkd',
    async context => {
      const { machine, peer, plug, startDialler, reaches, entry } = await start(context)
      startDialler()
      peer.answer = fixed('10.0.0.1\n[Match]\nName=eth0', '10.0.0.2')
      plug(0)
      await reaches('no-network-file')
      assert.match((await entry())?.cause ?? '', 'the network gives an address that is none')
      assert.not.match(await machine.sh('cat /run/oobm-modem/0.network'), 'eth0')
    },
    PATIENCE,
  )
}

test.run()
