/** VRRP as docs/router.md has it, with the real keepalived: a site's router that fails in two ways, the board that takes its place, a host. */
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { missingForRouter, SERVER, startRouterSite } from './testing/router-site.ts'

const test = suite('VRRP')

const FLOATING = '192.168.77.254'
/** Of the uplink that the board's hosts leave by, and of the site's own line. */
const BY_BOARD = '10.0.0.5'
const BY_ROUTER = '198.51.100.2'

/** The site's router, a host and the board's port on one switch; the router's line leads to the same internet. */
const SITE = `
ip netns add router; ip netns add host
ip -n hosts link add sw type bridge
ip -n hosts link set sw up
ip -n hosts link set h0 master sw
for space in router:eth1 host:e0; do
  own=\${space#*:} space=\${space%:*}
  ip link add $own netns $space type veth peer name to-$space netns hosts
  ip -n hosts link set to-$space master sw up
  ip -n $space link set lo up
  ip -n $space link set $own up
done
ip link add eth0 netns router type veth peer name line netns net
ip -n router link set eth0 up
ip -n net link set line up
ip -n net address add 198.51.100.1/24 dev line
ip -n router address add ${BY_ROUTER}/24 dev eth0
ip -n router address add 192.168.77.2/24 dev eth1
ip -n router route add default via 198.51.100.1
ip netns exec router sysctl -qw net.ipv4.ip_forward=1
ip netns exec router nft 'add table ip nat; add chain ip nat post { type nat hook postrouting priority srcnat; }; add rule ip nat post oifname "eth0" masquerade'
ip -n host address add 192.168.77.50/24 dev e0
ip -n host route add default via ${FLOATING}`

async function documented(which: string): Promise<string> {
  const page = await readFile(join(import.meta.dirname, '../docs/router.md'), 'utf8')
  const [, text] = new RegExp(`<!-- vrrp ${which}: [^\\n]*-->\\n\`\`\`\\n([^]*?)\`\`\``).exec(page) ?? []
  if (text === undefined) throw new Error(`docs/router.md has no configuration for ${which}`)
  return text
}

async function startSite(context: TestContext) {
  const site = await startRouterSite(context, { dhcp: null })
  await site.sh(SITE)
  const keepalived = async (who: 'board' | 'router') => {
    const path = await site.file(`${who}.conf`, await documented(who))
    // A file that others may write, or that is in /tmp, is taken all the same: what it runs is not.
    const args = ['-n', '-l', '-D', '-P', '-f', path, '-p', `/run/vrrp-${who}.pid`, '-r', `/run/vrrp-${who}-child.pid`]
    return who === 'board' ? site.start('keepalived', ...args) : site.startAt(who, 'keepalived', ...args)
  }
  return { site, keepalived }
}

const missing = missingForRouter() ?? (spawnSync('keepalived', ['--version']).error ? 'needs keepalived' : undefined)
if (missing !== undefined) test.skip('the board is the backup of a site’s router', missing)
else
  test(
    'the address moves to the board and back, hosts go out by whoever has it, and the board’s own connection lives on',
    async context => {
      const { site, keepalived } = await startSite(context)
      await site.carries('wlan0')
      await site.startRouter()
      const answer = 'SYSTEM:read request; echo HTTP/1.0 200 OK; echo; echo $SOCAT_PEERADDR'
      site.startAt('net', 'socat', 'TCP-LISTEN:80,fork,reuseaddr', answer)
      // What the board itself sends and hears meanwhile: every answer, in order, on one connection.
      site.startAt('net', 'socat', 'TCP-LISTEN:81,fork,reuseaddr', 'EXEC:cat')
      await waitFor('the echo', async () => (await site.tryAt('net', 'ss -Hltn sport = :81')).text !== '')
      const count = 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.2; done'
      const tunnel = site.start('sh', '-c', `(${count}) | socat -t 5 - TCP:${SERVER}:81`)
      const inHost = (line: string) => site.sh(`ip netns exec host sh -c '${line}' 2>&1 || :`)
      const goesBy = (address: string) =>
        waitFor(
          `a host that goes out by ${address}`,
          async () => {
            const said = await inHost(`curl -s -m 2 http://${SERVER}/`)
            return said.trim() === address
          },
          { timeoutMs: 60_000, paceMs: 500 },
        )
      const has = async (space: string[], name: string) =>
        (await site.sh([...space, `ip -4 -o address show dev ${name}`].join(' '))).includes(`${FLOATING}/32`)
      const boardHas = () => has([], 'eth0')
      const routerHas = () => has(['ip netns exec router'], 'eth1')

      const router = await keepalived('router')
      await goesBy(BY_ROUTER)
      await keepalived('board')
      // The line of the site's router is gone.
      assert.is(await boardHas(), false)
      await site.atNet('ip link set line down')
      await goesBy(BY_BOARD)
      await waitFor('one holder', async () => (await boardHas()) && !(await routerHas()))
      // And is back.
      await site.atNet('ip link set line up')
      await goesBy(BY_ROUTER)
      await waitFor('one holder', async () => !(await boardHas()) && (await routerHas()))
      // The router itself is gone.
      await router.stop()
      await site.sh('ip -n router link set eth1 down')
      await goesBy(BY_BOARD)
      assert.is(await boardHas(), true)
      await site.sh('ip -n router link set eth1 up; rm -f /run/vrrp-router*.pid')
      await keepalived('router')
      await goesBy(BY_ROUTER)
      await waitFor('one holder', async () => !(await boardHas()))

      const heard = tunnel.output().trim().split('\n')
      assert.is(tunnel.ended(), false)
      assert.ok(heard.length > 20, tunnel.output())
      assert.equal(
        heard,
        heard.map((_, at) => String(at + 1)),
      )
    },
    { timeoutMs: 300_000 },
  )

test.run()
