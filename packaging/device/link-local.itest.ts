/** A cable, a laptop and no address: the real networkd, systemd-resolved, `sides` and page, asked by real mDNS clients. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import * as z from 'zod'
import { localPorts } from '../../device/provision/local-ports.ts'
import { renderNetworkd } from '../../device/provision/render-networkd.ts'
import { sidesSchema } from '../../formats/sides.ts'
import { type SiteInput, siteShape } from '../../formats/site-config.ts'
import { programArgs } from '../../testbed/programs.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { has } from './testing/has.ts'
import { busConfig, missingForNetworkd, startNetworkdMachine } from './testing/networkd-machine.ts'

const test = suite('link-local')
const LIB = join(import.meta.dirname, 'files/usr/lib/oobm')
const RESOLVED_CONF = join(
  import.meta.dirname,
  '../../image/stage-remote/01-appliance/files/etc/systemd/resolved.conf.d/50-oobm.conf',
)
/** Of oobm-serial-name.service. */
const CAPABILITIES = ['--inh-caps', '--ambient-caps', '--bounding-set']
  .map(option => `${option}=-all,+sys_admin,+setpcap,+net_raw,+net_bind_service`)
  .join(' ')
const SERIAL = '10000000a1b2c3d4'
const NAME = `oobm-${SERIAL}`
const LINK_LOCAL = /^169\.254\./

/** Behind eth0 is `site`, behind eth1 `second`, behind wlan0, which no file is about, `far`. Each may ask by multicast. */
const PORTS = `
for port in eth1/second wlan0/far; do
  ip netns add "\${port#*/}"
  ip link add "\${port%/*}" type veth peer name "\${port#*/}0" netns "\${port#*/}"
  ip -n "\${port#*/}" link set lo up
  ip -n "\${port#*/}" link set "\${port#*/}0" up
done
ip -n site address add 169.254.9.9/16 dev site0
ip -n second address add 169.254.9.8/16 dev second0
ip -n far address add 10.5.0.1/24 dev far0
for name in site second far; do ip -n $name route add 224.0.0.0/4 dev \${name}0; done
ip address add 10.5.0.50/24 dev wlan0
ip link set wlan0 up
mkdir /run/oobm-sides
`

/** Stands for systemctl where systemd is not the first process: the socket of the page is there while an address is local. */
const systemctl = (page: string) => `#!/bin/sh
mkdir -p /run/units
case $1 in
  list-units) for f in /run/units/*; do [ ! -e "$f" ] || echo "oobm-local@\${f##*/}.target loaded active active"; done; exit ;;
esac
for target; do :; done
address=\${target#oobm-local@}
address=\${address%.target}
[ "$1" != stop ] || { kill -KILL "-$(cat "/run/units/$address")"; rm "/run/units/$address"; exit; }
cd ${join(import.meta.dirname, '../..')}
setsid systemd-socket-activate --listen="$address:80" ${page} "$address" </dev/null >>"\${0%/*}/../page.log" 2>&1 &
echo $! >"/run/units/$address"
`

/** systemd-resolved of a host with this name. */
const resolved = (name: string) => `
hostname ${name}
mkdir -p /run/systemd/resolve /run/systemd/resolved.conf.d
cp ${RESOLVED_CONF} /run/systemd/resolved.conf.d/
chown systemd-resolve: /run/systemd/resolve
exec /lib/systemd/systemd-resolved
`

/** Another host, in one of the networks behind the ports. Abstract sockets are of the network namespace. */
const OTHER_BUS = 'unix:abstract=other'
const otherHost = (bus: string, name: string) => `
export DBUS_SYSTEM_BUS_ADDRESS=${OTHER_BUS}
mount -t tmpfs none /run/systemd
dbus-daemon --config-file=${bus} --nofork --nopidfile &
${resolved(name)}`

async function startBoard(context: TestContext, interfaces: SiteInput['interfaces'] = []) {
  const site = z.strictObject(siteShape).parse({ interfaces })
  const machine = await startNetworkdMachine(context, {
    ...Object.fromEntries(
      Object.entries(renderNetworkd(site)).map(([name, text]) => [
        `/run/systemd/network/${name}`,
        // The ports here are veth, which is a kind.
        text.replace('Kind=!*', 'Name=eth*'),
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(localPorts(site)).map(([name, line]) => [`/run/oobm-provision/port-${name}`, `${line}\n`]),
    ),
  })
  await machine.sh(PORTS)
  const root = await scratchDirectory(context)
  for (const folder of ['bin', 'run/oobm', 'run/oobm-provision', 'proc/device-tree', 'sys', 'dev'])
    await mkdir(join(root, folder), { recursive: true })
  await writeFile(join(root, 'proc/device-tree/serial-number'), `${SERIAL}\0`)
  await writeFile(join(root, 'run/oobm-provision/fault'), 'there is no oobm.toml on this card\n')
  const env = {
    ...{ RUNTIME_DIRECTORY: join(root, 'run/oobm'), OOBM_CONSOLE_RUNTIME_DIRECTORY: join(root, 'run/console') },
    ...{ OOBM_PROVISION_DIRECTORY: join(root, 'run/oobm-provision'), OOBM_CONFIG: join(root, 'device.toml') },
    ...{ OOBM_ROOT: root, OOBM_SYSFS: join(root, 'sys'), OOBM_DEV: join(root, 'dev') },
  }
  const setenv = Object.entries(env).map(([name, value]) => `--setenv=${name}=${value}`)
  const page = [...setenv, process.execPath, ...programArgs('device/page/main.ts')].join(' ')
  await writeFile(join(root, 'bin/systemctl'), systemctl(page))
  await chmod(join(root, 'bin/systemctl'), 0o755)
  context.onFailure(() => readFile(join(root, 'page.log'), 'utf8'))

  const at = (where: string, line: string) => machine.sh(`ip netns exec ${where} ${line}`)
  const resolvectl = (where: string, line: string) =>
    at(where, `env DBUS_SYSTEM_BUS_ADDRESS=${OTHER_BUS} resolvectl ${line}`)
  /** The addresses by which a host of that name answers to the one that is there; it asks for a few seconds. */
  const lookUp = async (where: string, name = NAME) => {
    const said = await resolvectl(where, `query --legend=no --cache=no -4 ${name}.local 2>&1 || :`)
    return [...said.matchAll(/[ :]((?:\d+\.){3}\d+)/g)].map(([, address = '']) => address).sort()
  }
  const bus = await machine.file('other.conf', busConfig(OTHER_BUS))
  return {
    ...{ machine, lookUp },
    startSides: () => machine.start('env', `PATH=${root}/bin:${process.env.PATH}`, join(LIB, 'sides')),
    startResolved: (name = NAME) => machine.start('unshare', '-u', 'sh', '-euc', resolved(name)),
    /** As its unit does: with a folder and a bus of its own, in the board's network. */
    startSerialName: () =>
      machine.start(
        'unshare',
        '-m',
        'sh',
        '-euc',
        `mount -t tmpfs -o mode=755 none /run/systemd/resolve
chown systemd-resolve: /run/systemd/resolve
mount -t tmpfs none /run/systemd/resolved.conf.d
cp ${RESOLVED_CONF} ${LIB}/serial-name.conf.d/* /run/systemd/resolved.conf.d/
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent
echo ${NAME} >/run/oobm-provision/serial-name; echo $$ >/run/serial-name.pid
exec setpriv --reuid=systemd-resolve --regid=systemd-resolve --clear-groups --no-new-privs ${CAPABILITIES} ${join(LIB, 'serial-name')}`,
      ),
    /** The answer to who is beside eth0 or eth1, and asks for the page by this name. */
    fetch: (where: string, address: string, name = NAME) =>
      at(
        where,
        `curl -sS -m 40 --retry 20 --retry-connrefused --retry-delay 1 --resolve ${name}.local:80:${address} http://${name}.local/en`,
      ),
    becomesKnown: (where: string, name?: string) =>
      waitFor(`an answer at ${where}`, async () => (await lookUp(where, name))[0], { timeoutMs: 60_000 }),
    /** systemd-resolved hears of it from a file of networkd, a moment after networkd. */
    becomesUnknown: (where: string) =>
      waitFor(`no answer at ${where}`, async () => (await lookUp(where)).length === 0, { timeoutMs: 60_000 }),
    /** A laptop, or another board, that asks and answers in that network. */
    startOther: async (where: string, name: string) => {
      const args = ['unshare', '-m', '-u', 'sh', '-euc', otherHost(bus, name)]
      const other = machine.start('ip', 'netns', 'exec', where, ...args)
      await waitFor('its resolver', () =>
        resolvectl(where, `mdns ${where}0 yes`).then(
          () => true,
          () => false,
        ),
      )
      return other
    },
  }
}

const missing =
  missingForNetworkd() ??
  ['/lib/systemd/systemd-resolved', 'resolvectl', 'curl', 'dnsmasq', 'nft', 'systemd-socket-activate']
    .filter(program => !has(program))
    .map(name => `needs ${name}`)[0]

if (missing !== undefined) test.skip('a laptop without an address finds the page by name', missing)
else {
  test(
    'a board without a file is found by its serial number at each wired port, until a lease comes, and again when it is gone',
    async context => {
      const board = await startBoard(context)
      const { machine, lookUp, fetch, becomesKnown } = board
      for (const where of ['site', 'second', 'far']) await board.startOther(where, `laptop-${where}`)
      board.startResolved()
      const sides = board.startSides()
      const own = await becomesKnown('site')
      for (const part of [SERIAL, 'there is no oobm.toml on this card']) assert.match(await fetch('site', own), part)
      // The same network at both ports: what it answers leaves by the right one.
      const second = await becomesKnown('second')
      for (const address of [own, second]) assert.match(address, LINK_LOCAL)
      assert.is.not(second, own)
      assert.match(await fetch('second', second), SERIAL)
      assert.match(await fetch('site', own), SERIAL)
      assert.equal(await lookUp('far'), [])

      await machine.atSite('ip address add 10.9.1.1/24 dev site0')
      const dnsmasq = ['-k', '-C', '/dev/null', '--port=0', '--bind-interfaces', '--interface=site0', '--leasefile-ro']
      const range = '--dhcp-range=10.9.1.50,10.9.1.60,2m'
      machine.startAtSite('dnsmasq', ...dnsmasq, '--no-ping', '--log-facility=-', range)
      await waitFor('the lease alone', async () => /^10\.9\.1\.\d+\/24$/.test((await machine.addresses()).join()), {
        timeoutMs: 60_000,
      })
      await sides.says(/^the name of this board is no longer said by mDNS at eth0$/m, 20_000)
      await board.becomesUnknown('site')
      assert.match(await fetch('second', second), SERIAL)
      const { addresses } = sidesSchema.parse(JSON.parse(await machine.sh('cat /run/oobm-sides/sides.json')))
      const locals = addresses.filter(({ side }) => side === 'local').map(({ address }) => address)
      assert.equal(locals, [second])

      await machine.sh('pkill -x dnsmasq')
      await machine.atSite('ip link set site0 down')
      await waitFor('no address', async () => (await machine.addresses()).length === 0, { timeoutMs: 30_000 })
      await machine.atSite('ip link set site0 up; ip route replace 224.0.0.0/4 dev site0')
      await waitFor('the name without a lease', async () => LINK_LOCAL.test((await lookUp('site'))[0] ?? ''), {
        timeoutMs: 150_000,
      })

      // What the unit does when this program ends; nsenter(1) has a child there, and hands no signal on.
      await machine.sh('pkill -x sides')
      await sides.stop()
      await machine.sh(`${join(LIB, 'sides')} forget`)
      for (const where of ['site', 'second']) await board.becomesUnknown(where)
      assert.not.match(await machine.sh('ip rule'), '169.254')
    },
    { timeoutMs: 400_000 },
  )

  test(
    'where another host has the name already, the board takes the next one, and its page answers to that',
    async context => {
      const board = await startBoard(context)
      const other = await board.startOther('site', NAME)
      const laptop = await board.startOther('second', 'laptop')
      const resolver = board.startResolved()
      board.startSides()
      // Its own name once more is tried each time that any host of this kernel gets a name, so the last one counts.
      const taken = () =>
        /.*changing published hostname from 'oobm-10000000a1b2c3d4' to '(oobm-10000000a1b2c3d\d+)'/s.exec(
          resolver.output(),
        )?.[1]
      // At the other port nobody has that name; it has one name at all of them.
      for (const where of ['site', 'second']) {
        const [name, address] = await waitFor(
          `another name at ${where}`,
          async () => {
            const present = taken()
            const [found] = present === undefined ? [] : await board.lookUp(where, present)
            return present !== undefined && found !== undefined && ([present, found] as const)
          },
          { timeoutMs: 90_000 },
        )
        assert.match(await board.fetch(where, address, name), SERIAL)
      }
      for (const one of [other, laptop]) assert.not.match(one.output(), 'changing published hostname')
    },
    { timeoutMs: 200_000 },
  )

  test(
    'a board with settings answers to its name and to its serial number, at local ports alone',
    async context => {
      const board = await startBoard(context)
      for (const where of ['site', 'far']) await board.startOther(where, `laptop-${where}`)
      const resolver = board.startResolved('tokyo-rack1')
      await resolver.says(/Using system hostname/)
      const second = board.startSerialName()
      board.startSides()
      const own = await board.becomesKnown('site', 'tokyo-rack1')
      assert.is(await board.becomesKnown('site'), own)
      assert.match(await board.fetch('site', own), SERIAL)
      for (const name of ['tokyo-rack1', NAME]) assert.equal(await board.lookUp('far', name), [])
      await board.machine.sh('kill $(cat /run/serial-name.pid)')
      await board.becomesUnknown('site')
      assert.equal(await board.lookUp('site', 'tokyo-rack1'), [own])
      for (const one of [resolver, second]) assert.not.match(one.output(), /changing published hostname|stub/)
    },
    { timeoutMs: 200_000 },
  )

  for (const [what, entry] of Object.entries({
    'a static port': { role: 'static', address: '192.168.77.1/24' },
    'a port with a fallback address': { role: 'client', fallback: '192.168.77.1/24' },
  }))
    test(
      `${what} has a link-local address and the name, too`,
      async context => {
        const board = await startBoard(context, [{ name: 'eth0', ...entry }] as SiteInput['interfaces'])
        for (const where of ['site', 'far']) await board.startOther(where, `laptop-${where}`)
        board.startResolved()
        board.startSides()
        const [own = '', ...others] = await waitFor(
          'both addresses',
          async () => {
            const found = await board.lookUp('site')
            return found.length === 2 && found
          },
          { timeoutMs: 60_000 },
        )
        assert.equal(others, ['192.168.77.1'])
        assert.match(own, LINK_LOCAL)
        assert.match(await board.fetch('site', own), SERIAL)
        assert.equal(await board.lookUp('far'), [])
      },
      { timeoutMs: 120_000 },
    )
}

test.run()
