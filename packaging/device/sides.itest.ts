/** `sides` beside the real systemd-networkd, DHCP servers and nftables: what is reached from where, and what becomes of it. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import * as z from 'zod'
import { localPorts } from '../../device/provision/local-ports.ts'
import { renderNetworkd } from '../../device/provision/render-networkd.ts'
import { type Sides, sidesSchema } from '../../formats/sides.ts'
import { type SiteInput, siteShape } from '../../formats/site-config.ts'
import { makeKey } from '../../testbed/make-key.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { has } from './testing/has.ts'
import { missingForNetworkd, startNetworkdMachine } from './testing/networkd-machine.ts'

const test = suite('sides')
const LIB = join(import.meta.dirname, 'files/usr/lib/oobm')
/** Of eth0, behind which is the site. */
const FALLBACK = '192.168.77.1'
/** Of eth1, behind which is a laptop. */
const PORT = '192.168.78.1'
/** Of wlan0, behind which are others; it is like Wi-Fi in that no file is about it. */
const WIRELESS = '10.5.0.50'
/** The service of each local address, and sshd. */
const [SERVICE, SSH] = [8080, 22]
/** Milliseconds for which a server is there, and then away. */
const FLAP_MS = 20_000
/** Seconds of a lease: as short as a client takes it. */
const LEASE_S = 12

/**
 * Stands for systemctl where systemd is not the first process. The service of an address is a real one, and ends with all its
 * processes, as a unit does.
 */
const SYSTEMCTL = `#!/bin/sh
mkdir -p /run/units
case $1 in
  list-units) for f in /run/units/*; do [ ! -e "$f" ] || echo "oobm-local@\${f##*/}.target loaded active active"; done; exit ;;
  is-active) exit ;;
esac
shift $(($# - 1))
address=\${1#oobm-local@}
address=\${address%.target}
[ ! -e "/run/units/$address" ] || { kill -KILL "-$(cat "/run/units/$address")"; rm "/run/units/$address"; exit; }
setsid busybox httpd -f -p "$address:${SERVICE}" -h /run/files </dev/null >/dev/null 2>&1 &
echo $! >"/run/units/$address"
`

const OTHER_PORTS = `
for port in eth1/laptop wlan0/far; do
  ip netns add "\${port#*/}"
  ip link add "\${port%/*}" type veth peer name "\${port#*/}0" netns "\${port#*/}"
  ip -n "\${port#*/}" link set lo up
  ip -n "\${port#*/}" link set "\${port#*/}0" up
done
ip -n laptop address add 192.168.78.9/24 dev laptop0
ip -n far address add 10.5.0.1/24 dev far0
ip address add ${WIRELESS}/24 dev wlan0
ip link set wlan0 up
mkdir /run/files /run/oobm-sides /run/sshd /run/etc /run/etc-work
# Its settings are not those of this machine.
mount -t overlay -o lowerdir=/etc,upperdir=/run/etc,workdir=/run/etc-work overlay /etc
mkdir -p /etc/oobm
truncate -s 200M /run/files/big
`

/** Two megabytes a second, until no more comes. */
const TRANSFER = `
exec 3<>/dev/tcp/${FALLBACK}/${SERVICE}
printf 'GET /big HTTP/1.0\\r\\n\\r\\n' >&3
all=0
while n=$(timeout 5 head -c 200000 <&3 | wc -c) && [ "$n" -gt 0 ]; do
  all=$((all + n))
  [ "$all" != 1000000 ] || echo "$all bytes"
  sleep 0.1
done
echo "ended after $all bytes"
`

/** @param eth1 what the port of the laptop is for */
async function startBoard(context: TestContext, eth1: object, fallback = `${FALLBACK}/24`) {
  const interfaces = [
    { name: 'eth0', fallback },
    { name: 'eth1', ...eth1 },
  ] as SiteInput['interfaces']
  const site = z.strictObject(siteShape).parse({ interfaces })
  const machine = await startNetworkdMachine(context, {
    ...Object.fromEntries(
      Object.entries(renderNetworkd(site)).map(([name, text]) => [`/run/systemd/network/${name}`, text]),
    ),
    ...Object.fromEntries(
      Object.entries(localPorts(site)).map(([name, line]) => [`/run/oobm-provision/port-${name}`, `${line}\n`]),
    ),
    '/run/oobm-provision/fallback-eth0': `${fallback}\n`,
  })
  await machine.sh(OTHER_PORTS)
  const scratch = await scratchDirectory(context)
  await mkdir(join(scratch, 'bin'))
  await writeFile(join(scratch, 'bin/systemctl'), SYSTEMCTL)
  await chmod(join(scratch, 'bin/systemctl'), 0o755)
  const key = await makeKey(scratch, 'host_key')
  const sshd = await machine.file('sshd_config', `HostKey ${key.path}\nUsePAM no\nPidFile none\nPort ${SSH}\n`)
  machine.start('/usr/sbin/sshd', '-D', '-e', '-f', sshd)
  const startSides = () => machine.start('env', `PATH=${scratch}/bin:${process.env.PATH}`, join(LIB, 'sides'))
  const sides = async (): Promise<Sides> =>
    sidesSchema.parse(JSON.parse(await machine.sh('cat /run/oobm-sides/sides.json')))
  const sideOf = async (address: string) => {
    const found = await sides().catch(() => undefined)
    return found?.addresses.find(one => one.address === address)
  }
  return {
    ...{ machine, startSides, sides, sideOf },
    startFallback: () => machine.start(join(LIB, 'fallback-address'), 'eth0'),
    becomes: (address: string, side: 'local' | 'uplink' | undefined) =>
      waitFor(`${address} to be ${side ?? 'gone'}`, async () => (await sideOf(address))?.side === side, {
        timeoutMs: 60_000,
        paceMs: 200,
      }),
    /** TCP ports that are open there, as somebody in this namespace finds them. */
    reach: (from: string, address: string, ports?: string) => reach(line => machine.sh(line), from, address, ports),
  }
}

async function reach(
  sh: (line: string) => Promise<string>,
  from: string,
  address: string,
  ports = '1-9000',
): Promise<number[]> {
  const family = address.includes(':') ? '-6' : ''
  const prefix = from === 'itself' ? '' : `ip netns exec ${from}`
  const found = await sh(`${prefix} nmap ${family} -n -Pn -T5 -p ${ports} --max-retries 1 -oG - ${address}`)
  return [...found.matchAll(/(\d+)\/open\/tcp/g)].map(([, port]) => Number(port))
}

/** A DHCP server at the site that gives 10.9.1.50 to 10.9.1.60. */
async function serve({ machine }: Awaited<ReturnType<typeof startBoard>>) {
  const config = `interface site0
start 10.9.1.50
end 10.9.1.60
option subnet 255.255.255.0
option router 10.9.1.1
option lease ${LEASE_S}
min_lease ${LEASE_S}
lease_file /run/udhcpd.leases
`
  await machine.atSite('ip address replace 10.9.1.1/24 dev site0; rm -f /run/udhcpd.leases; touch /run/udhcpd.leases')
  return machine.startAtSite('busybox', 'udhcpd', '-f', await machine.file('udhcpd.conf', config))
}

/** The address that the lease gives. */
async function leased({ machine }: Awaited<ReturnType<typeof startBoard>>): Promise<string> {
  return waitFor(
    'a lease',
    async () => (await machine.addresses()).find(one => one.startsWith('10.9.1.'))?.split('/')[0],
    {
      timeoutMs: 60_000,
      paceMs: 200,
    },
  )
}

const missing =
  missingForNetworkd() ?? ['nft', 'nmap', 'sshd'].filter(program => !has(program)).map(name => `needs ${name}`)[0]
if (missing !== undefined) test.skip('each side reaches what it may', missing)
else {
  const STATIC = { role: 'static', address: `${PORT}/24` }
  const ROUTER = { ...STATIC, role: 'router' }
  const LEADS_OUT = { ...STATIC, gateway: '192.168.78.9' }

  if (process.env.ONLY === undefined)
    for (const [role, entry] of Object.entries({
      static: STATIC,
      router: ROUTER,
      'static with a gateway': LEADS_OUT,
    })) {
      test(
        `each side reaches what it may: role ${role}`,
        async context => {
          const board = await startBoard(context, entry)
          const { machine, reach, becomes } = board
          board.startFallback()
          board.startSides()
          await becomes(FALLBACK, 'local')
          const isLocal = entry !== LEADS_OUT
          await becomes(PORT, isLocal ? 'local' : 'uplink')
          await becomes(WIRELESS, 'uplink')
          // Whoever is on one side knows the way to the addresses of the others.
          await machine.atSite('ip address add 192.168.77.9/24 dev site0')
          await machine.sh(
            `ip -n far route add 192.168.0.0/16 via ${WIRELESS}; ip -n far route add 10.9.0.0/16 via ${WIRELESS}`,
          )
          await machine.sh(
            `ip -n laptop route add 192.168.77.0/24 via ${PORT}; ip -n laptop route add 10.0.0.0/8 via ${PORT}`,
          )
          const both = [SSH, SERVICE]
          const table = async (rows: [from: string, address: string, ports: number[]][]) => {
            for (const [from, address, ports] of rows)
              assert.equal(await reach(from, address), ports, `${from} → ${address}`)
          }
          await table([
            ['site', FALLBACK, both],
            ['laptop', PORT, isLocal ? both : [SSH]],
            ['far', WIRELESS, [SSH]],
            ['far', FALLBACK, []],
            ['far', PORT, isLocal ? [] : [SSH]],
            ['laptop', FALLBACK, []],
          ])

          await serve(board)
          const lease = await leased(board)
          await becomes(FALLBACK, undefined)
          await machine.atSite(`ip route replace ${FALLBACK} via ${lease}`)
          await table([
            ['site', lease, [SSH]],
            ['laptop', PORT, isLocal ? both : [SSH]],
            ['far', lease, [SSH]],
          ])

          // Nobody answers there, so each port takes its time.
          assert.equal(await reach('site', FALLBACK, both.join()), [])

          // sshd is closed where nobody beside the board is.
          await machine.sh(`echo ${SSH} >/etc/oobm/ssh_closed_on_uplinks`)
          await waitFor('sshd to be closed', async () => (await reach('far', WIRELESS)).length === 0, {
            timeoutMs: 60_000,
          })
          const [, own] = /inet6 (fe80:\S+)\/64/.exec(await machine.sh('ip -o -6 address show dev eth1')) ?? []
          const [, sites] = /inet6 (fe80:\S+)\/64/.exec(await machine.sh('ip -o -6 address show dev eth0')) ?? []
          await table([
            ['site', lease, []],
            ['site', `${sites}%site0`, []],
            ['laptop', PORT, isLocal ? both : []],
            ['laptop', `${own}%laptop0`, isLocal ? [SSH] : []],
            ['far', WIRELESS, []],
            ['itself', '127.0.0.1', [SSH]],
            ['itself', WIRELESS, [SSH]],
          ])
        },
        { timeoutMs: 300_000 },
      )
    }

  test(
    'a lease in the middle of a transfer ends it, and closes the port',
    async context => {
      const board = await startBoard(context, STATIC)
      const { machine, becomes, reach } = board
      // Without the program that takes the address away: the service goes first, and by itself.
      board.startSides()
      await becomes(FALLBACK, 'local')
      await machine.atSite('ip address add 192.168.77.9/24 dev site0')
      const transfer = machine.startAtSite('bash', '-c', TRANSFER)
      await transfer.says(/^1000000 bytes$/m)
      await serve(board)
      await leased(board)
      await becomes(FALLBACK, 'uplink')
      const [, bytes] = await transfer.says(/^ended after (\d+) bytes$/m, 60_000)
      assert.ok(Number(bytes) < 200 * 1024 * 1024)
      assert.equal(await reach('site', FALLBACK), [SSH])
      assert.equal(await reach('laptop', PORT), [SSH, SERVICE])
    },
    { timeoutMs: 200_000 },
  )

  test(
    'an address that is elsewhere, too, is not local, and one that comes back is',
    async context => {
      const board = await startBoard(context, STATIC)
      const { machine, becomes, sideOf, reach } = board
      const sides = board.startSides()
      await becomes(PORT, 'local')
      const why = async (address: string) => (await sideOf(address))?.why
      // The Wi-Fi of a site in which others have the same network, or the same address.
      for (const theirs of ['192.168.78.50/24', `${PORT}/24`, '192.168.0.9/16']) {
        await machine.sh(`ip address add ${theirs} dev wlan0`)
        await becomes(PORT, 'uplink')
        if (!theirs.startsWith(PORT)) assert.is(await why(PORT), `wlan0 has ${theirs}, in the same network`)
        assert.equal(await reach('laptop', PORT, '8080'), [])
        await machine.sh(`ip address del ${theirs} dev wlan0`)
        await becomes(PORT, 'local')
      }
      await machine.sh(`ip address del ${PORT}/24 dev eth1`)
      await becomes(PORT, undefined)
      await machine.sh(`ip address add ${PORT}/24 dev eth1`)
      await becomes(PORT, 'local')
      await waitFor('the service', async () => (await reach('laptop', PORT, '8080')).length === 1)
      // One that nobody configured.
      await machine.sh('ip address add 192.168.99.1/24 dev eth1')
      await becomes('192.168.99.1', 'uplink')

      // Somebody else's firewall.
      await machine.sh('nft flush ruleset')
      await waitFor('the rules', () => rulesOf(machine), { timeoutMs: 60_000, paceMs: 500 })
      // What the unit does when this program ends.
      await sides.stop()
      await machine.sh(`${join(LIB, 'sides')} forget`)
      assert.not.match(await machine.sh('nft list table inet oobm_sides'), PORT)

      async function rulesOf({ sh }: typeof machine) {
        return (await sh('nft list ruleset')).includes(PORT)
      }
    },
    { timeoutMs: 200_000 },
  )

  test(
    'a lease of the fallback address itself makes it an uplink',
    async context => {
      const board = await startBoard(context, STATIC)
      const { machine, becomes, sideOf } = board
      board.startFallback()
      board.startSides()
      await becomes(FALLBACK, 'local')
      await machine.atSite('ip address add 192.168.77.2/24 dev site0')
      const dnsmasq = ['-k', '-C', '/dev/null', '--port=0', '--bind-interfaces', '--interface=site0', '--leasefile-ro']
      const range = `--dhcp-range=${FALLBACK},${FALLBACK},infinite`
      machine.startAtSite('dnsmasq', ...dnsmasq, '--no-ping', '--log-facility=-', range)
      await becomes(FALLBACK, 'uplink')
      assert.is((await sideOf(FALLBACK))?.why, 'eth0 has a lease')
    },
    { timeoutMs: 200_000 },
  )

  test(
    'while leases come and go every 20 s, nothing is local beside a lease, and something is without one',
    async context => {
      const board = await startBoard(context, STATIC)
      const { machine, becomes } = board
      board.startFallback()
      board.startSides()
      await becomes(FALLBACK, 'local')
      const bad: string[] = []
      let last = ''
      const looks = setInterval(() => void look().catch(() => {}), 500)
      context.cleanup(() => clearInterval(looks))
      for (let round = 0; round < 3; round++) {
        const server = await serve(board)
        await leased(board)
        await becomes(FALLBACK, undefined)
        await delay(FLAP_MS)
        await server.stop()
        await becomes(FALLBACK, 'local')
        await delay(FLAP_MS)
      }
      assert.equal(bad, [])

      // A state counts when it is found twice: the first time it may be on its way to the next.
      async function look() {
        const held = (await machine.addresses()).some(one => one.startsWith('10.9.1.'))
        const units = await machine.sh('ls /run/units')
        const now = held && units.includes(FALLBACK) ? 'local beside a lease' : ''
        if (now !== '' && now === last) bad.push(now)
        last = now
      }
    },
    { timeoutMs: 400_000 },
  )
}

test.run()
