/**
 * `hotspot` and `sides` beside the real systemd-networkd with its DHCP server, and a client of its own. A radio is a cable here, and
 * stand-ins say what wpa_supplicant would.
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { localPorts } from '../../device/provision/local-ports.ts'
import { renderHotspot } from '../../device/provision/render-hotspot.ts'
import { renderNetworkd } from '../../device/provision/render-networkd.ts'
import { sidesSchema } from '../../formats/sides.ts'
import { siteSchema } from '../../formats/site-config.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { missingForNetworkd, startNetworkdMachine } from './testing/networkd-machine.ts'

const test = suite('hotspot')
const LIB = join(import.meta.dirname, 'files/usr/lib/oobm')
const OWN = '192.168.76.1'

/** The radio's end of the air, and a laptop there. */
const air = (radio: string) => `
ip netns add laptop
ip link add ${radio} type veth peer name air0 netns laptop
ip -n laptop link set lo up
ip -n laptop link set air0 up
mkdir -p /run/oobm-hotspot /run/oobm-sides /run/units
`

const STAND_INS: Record<string, string> = {
  wpa_supplicant: 'echo $$ >/run/supplicant; exec sleep 600',
  wpa_cli: `
case "$*" in
  *status) [ ! -e /run/supplicant ] || printf 'bssid=x\\nmode=AP\\nkey_mgmt=WPA2-PSK\\nwpa_state=COMPLETED\\n' ;;
  *all_sta) cat /run/stations 2>/dev/null || : ;;
esac`,
  systemctl: `
case "$*" in
  list-units*) for f in /run/units/*; do [ ! -e "$f" ] || echo "oobm-local@\${f##*/}.target loaded active active"; done ;;
  *oobm-local@*)
    at=\${*##*oobm-local@} at=\${at%.target}
    case $1 in start) : >"/run/units/$at" ;; stop) rm -f "/run/units/$at" ;; esac ;;
  *) echo "$*" >>/run/asked ;;
esac`,
}

/** @param more settings of the site beside the hotspot */
async function startBoard(context: TestContext, more: object = {}, radio = 'wlan0') {
  const site = siteSchema.parse({
    system: { country: 'JP' },
    ...more,
    hotspot: { enabled: true, passphrase: 'correct horse', interface: radio },
  })
  const rendered = renderHotspot(site, 'rack1')
  if (rendered === undefined) throw new Error('no hotspot')
  const machine = await startNetworkdMachine(context, {
    ...Object.fromEntries(
      Object.entries(renderNetworkd(site)).map(([name, text]) => [`/run/systemd/network/${name}`, text]),
    ),
    ...Object.fromEntries(
      Object.entries(localPorts(site)).map(([name, line]) => [`/run/oobm-provision/port-${name}`, `${line}\n`]),
    ),
    [`/run/oobm-provision/hotspot-${radio}.network`]: rendered.network,
    [`/run/oobm-provision/hotspot-${radio}.wpa`]: rendered.wpa,
    ...(site.wifi.length > 0 ? { '/run/oobm-provision/wpa_supplicant-wlan0.conf': 'x\n' } : {}),
  })
  const bin = join(await scratchDirectory(context), 'bin')
  await mkdir(bin)
  for (const [name, text] of Object.entries(STAND_INS)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`)
    await chmod(join(bin, name), 0o755)
  }
  await machine.sh(air(radio))
  const path = `PATH=${bin}:${process.env.PATH}`
  machine.start('env', path, join(LIB, 'sides'))
  const limits = ['OOBM_HOTSPOT_LOOK_S=1', 'OOBM_HOTSPOT_EMPTY_S=4', 'OOBM_HOTSPOT_IDLE_S=3', 'OOBM_HOTSPOT_UP_S=10']
  const at = async (what: string, line: string, isSo: (said: string) => boolean = () => true) =>
    waitFor(what, () => machine.sh(line).then(isSo, () => false), { timeoutMs: 60_000, paceMs: 200 })
  return {
    ...{ machine, at },
    on: () => machine.start('env', path, ...limits, join(LIB, 'hotspot'), radio),
    clean: () => machine.sh(`${path} ${join(LIB, 'hotspot')} clean ${radio}`),
    status: async () => JSON.parse(await machine.sh('cat /run/oobm-hotspot/status.json')),
    join: (stations: string) => machine.sh(`printf '${stations}' >/run/stations`),
    sideOf: async () => {
      const { addresses } = sidesSchema.parse(JSON.parse(await machine.sh('cat /run/oobm-sides/sides.json')))
      return addresses.find(({ address }) => address === OWN)
    },
  }
}

const missing = missingForNetworkd()
const run = missing === undefined ? test : (name: string) => test.skip(name, missing)
/** As busybox hands over what a lease has. */
const LEASE = `printf '#!/bin/sh\\n[ "$1" != bound ] || env >/run/lease\\n' >/run/on-lease; chmod 755 /run/on-lease
ip netns exec laptop busybox udhcpc -i air0 -s /run/on-lease -q -n -t 10 -T 2`

run(
  'a laptop gets an address, and no way to anywhere; the board has its own, on the local side, and a lease elsewhere does not matter',
  async context => {
    // As a client it has a file of its own.
    const { machine, at, on, sideOf, clean } = await startBoard(context, { interfaces: [{ name: 'wlan0' }] })
    await at('networkd', 'networkctl list wlan0 | grep -q wlan0')
    const program = on()
    await program.says(/wlan0 is a hotspot, and this board has 192\.168\.76\.1 on it/)
    await machine.sh(LEASE)
    const lease = await machine.sh('cat /run/lease')
    assert.match(lease, /^ip=192\.168\.76\.\d+$/m)
    assert.match(lease, /^(subnet=255\.255\.255\.0|mask=24)$/m)
    assert.not.match(lease, /^(router|dns|ntpsrv)=/m)
    await at('its unit', `test -e /run/units/${OWN}`)
    assert.is((await sideOf())?.side, 'local')
    await program.stop()
    await clean()
    await at('its address to go', 'ip -4 -o address show dev wlan0', said => !said.includes(OWN))
    await at('its unit to end', `test ! -e /run/units/${OWN}`)
    assert.is(await machine.sh('ls /run/systemd/network | grep hotspot || true'), '')
    assert.is(await machine.sh('ls /run/oobm-hotspot'), '')
  },
)

run('an address that a network gives is not local for being that of the hotspot', async context => {
  const { machine, at, sideOf } = await startBoard(context, { interfaces: [{ name: 'wlan0' }] })
  await machine.sh('ip -n laptop address add 192.168.76.254/24 dev air0')
  const config = await machine.file(
    'udhcpd.conf',
    `interface air0\nstart ${OWN}\nend ${OWN}\noption subnet 255.255.255.0\nlease_file /run/leases\npidfile /run/udhcpd.pid\n`,
  )
  await machine.sh(': >/run/leases')
  machine.start('ip', 'netns', 'exec', 'laptop', 'busybox', 'udhcpd', '-f', '-S', config)
  await at('the lease', 'ip -4 -o address show dev wlan0', said => said.includes(OWN))
  await waitFor('its side', async () => (await sideOf().catch(() => undefined)) !== undefined, { timeoutMs: 60_000 })
  assert.equal([(await sideOf())?.side, (await sideOf())?.why], ['uplink', 'wlan0 is no hotspot now'])
})

run('another radio is a hotspot beside the one that is in a network, and has no need to make way', async context => {
  const wifi = [{ ssid: 'Office', passphrase: 'of the office' }]
  const { machine, at, on, sideOf, status, clean } = await startBoard(context, { wifi }, 'wlan1')
  const program = on()
  await program.says(/wlan1 is a hotspot, and this board has 192\.168\.76\.1 on it/)
  await machine.sh(LEASE)
  assert.match(await machine.sh('cat /run/lease'), /^ip=192\.168\.76\.\d+$/m)
  await at('its unit', `test -e /run/units/${OWN}`)
  assert.is((await sideOf())?.side, 'local')
  assert.is((await status()).endsAt, null)
  await program.stop()
  await clean()
  await at('its unit to end', `test ! -e /run/units/${OWN}`)
  assert.is(await machine.sh('cat /run/asked 2>&1 || true').then(said => /oobm-wpa/.test(said)), false)
})

run('a network of the same addresses on the other side has precedence', async context => {
  const { machine, on, sideOf } = await startBoard(context)
  await machine.sh('ip address add 192.168.76.77/24 dev eth0')
  await on().says(/is a hotspot/)
  await waitFor('its side', async () => (await sideOf().catch(() => undefined))?.why.includes('eth0') ?? false, {
    timeoutMs: 60_000,
    paceMs: 200,
  })
  assert.is((await sideOf())?.side, 'uplink')
})

run(
  'it ends when nobody has been on it for a while, where the radio has networks, and lets it log in to them',
  async context => {
    const { machine, at, on, join, status, clean } = await startBoard(context, {
      wifi: [{ ssid: 'Office', passphrase: 'of the office' }],
    })
    await join(`02:00:00:00:02:01\\nflags=[AUTH][ASSOC]\\n02:00:00:00:02:00\\nflags=[AUTH][ASSOC][AUTHORIZED][WMM]\\n`)
    const program = on()
    // A phone that has nothing to say to the board is nobody after a while.
    await waitFor('somebody', async () => (await status().catch(() => undefined))?.quietSince === null, {
      timeoutMs: 30_000,
    })
    assert.equal([(await status()).devices, (await status()).endsAt], [1, null])
    await waitFor('nobody', async () => (await status()).quietSince !== null, { timeoutMs: 30_000 })
    // Who talks with it is somebody.
    await machine.sh(
      'mkdir -p /run/files; echo here >/run/files/index.html; ip -n laptop address add 192.168.76.50/24 dev air0',
    )
    machine.start('busybox', 'httpd', '-f', '-p', `${OWN}:8080`, '-h', '/run/files')
    await at('the server', 'ip netns exec laptop busybox wget -qO- http://192.168.76.1:8080/', said =>
      said.includes('here'),
    )
    const talk = machine.start('ip', 'netns', 'exec', 'laptop', 'busybox', 'nc', OWN, '8080')
    await waitFor('somebody again', async () => (await status()).quietSince === null, { timeoutMs: 30_000 })
    assert.is((await status()).endsAt, null)
    await talk.stop()
    // Who tries a wrong passphrase again and again has not joined.
    await join('02:00:00:00:02:01\\nflags=[AUTH][ASSOC]\\n')
    await program.says(/nobody is on the hotspot: the radio looks for its networks/)
    await clean()
    assert.match(await machine.sh('cat /run/asked'), /^start --no-block oobm-wpa@wlan0\.service$/m)
  },
)

run(
  'it stays where the radio has no other use, and says when the radio does not become an access point',
  async context => {
    const { machine, on, status } = await startBoard(context)
    const program = on()
    await program.says(/is a hotspot/)
    const first: number = await waitFor('its status', async () => (await status().catch(() => undefined))?.at, {
      timeoutMs: 30_000,
    })
    await waitFor('more than its limit', async () => (await status()).at > first + 6_000, {
      timeoutMs: 60_000,
      paceMs: 500,
    })
    assert.is((await status()).endsAt, null)
    // The access point ends.
    await machine.sh('kill $(cat /run/supplicant); rm /run/supplicant')
    await program.says(/wpa_supplicant has ended/)
  },
)

test.run()
