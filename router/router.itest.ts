/** `oobm-router` with the real nftables, dnsmasq and routes: who reaches what, and what is left behind. */
import * as assert from 'uvu/assert'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { ADDRESS, missingForRouter, type RouterSite, SERVER, startRouterSite } from './testing/router-site.ts'

const test = suite('router')

/** A host gets its address as hosts do. */
async function plugIn(site: RouterSite): Promise<string> {
  const script = await site.file(
    'udhcpc.sh',
    `#!/bin/sh
[ "$1" = bound ] || exit 0
ip address replace $ip/$mask dev $interface
ip route replace default via $router
echo "got $ip router $router dns $dns"
`,
  )
  await site.sh(`chmod 755 ${script}`)
  return site.atHosts(`busybox udhcpc -i h0 -n -q -f -t 10 -T 1 -s ${script} 2>&1`)
}

/** Two name servers that answer differently, a web server, and something that says from where it is asked. */
async function startInternet(site: RouterSite) {
  for (const [link, address] of [
    ['w0', '10.0.0.1'],
    ['m0', '10.64.0.1'],
  ])
    site.startAt(
      'net',
      'dnsmasq',
      '-k',
      '-C',
      '/dev/null',
      '--log-facility=-',
      '--pid-file=',
      '--bind-interfaces',
      '--no-resolv',
      '--no-hosts',
      `--interface=${link}`,
      '--except-interface=lo',
      `--address=/way.example/${address}`,
    )
  site.startAt(
    'net',
    'socat',
    'TCP-LISTEN:80,fork,reuseaddr',
    'SYSTEM:read request; echo HTTP/1.0 200 OK; echo; echo $SOCAT_PEERADDR',
  )
  await waitFor('the server', async () => (await site.tryAt('net', 'curl -s -m 2 http://127.0.0.1/')).code === 0)
}

const fetchFrom = (site: RouterSite) => site.tryAt('hosts', `curl -s -m 5 http://${SERVER}/`)
const way = (site: RouterSite) => site.tryAt('hosts', `busybox nslookup way.example ${ADDRESS} | tail -n +3`)

async function startAll(context: TestContext, carrying: string | undefined = 'wlan0') {
  const site = await startRouterSite(context)
  await startInternet(site)
  await site.carries(carrying)
  const running = await site.startRouter()
  return { site, running }
}

const missing = missingForRouter()
if (missing !== undefined) test.skip('hosts are led out', missing)
else {
  test('a host gets an address, names and the internet, by the uplink that carries the tunnel', async context => {
    const { site } = await startAll(context, 'wwan0')
    assert.match(await plugIn(site), /^got 192\.168\.77\.1\d\d router 192\.168\.77\.1 dns 192\.168\.77\.1$/m)
    // The kernel's default route is another one.
    assert.is((await fetchFrom(site)).text.trim(), '10.64.0.5')
    await waitFor('the name server', async () => /10\.64\.0\.1/.test((await way(site)).text), { timeoutMs: 30_000 })
    assert.is((await site.status()).uplink?.name, 'wwan0')

    await site.carries('wlan0')
    await waitFor('the other way', async () => (await fetchFrom(site)).text.trim() === '10.0.0.5', {
      timeoutMs: 15_000,
    })
    await waitFor('its name server', async () => /10\.0\.0\.1/.test((await way(site)).text), { timeoutMs: 15_000 })
    const { dhcp, upBytes, downBytes, problems } = await site.status()
    assert.is(dhcp?.leases, 1)
    assert.equal(problems, [])
    assert.ok(upBytes > 0 && downBytes > 0)
  })

  test('nobody comes in from the uplink, and hosts reach the board at its address alone', async context => {
    const { site } = await startAll(context)
    await plugIn(site)
    const listen = (port: number, address: string) =>
      site.start('socat', `TCP-LISTEN:${port},bind=${address},fork,reuseaddr`, 'SYSTEM:echo here')
    listen(2001, '127.0.0.1')
    listen(2002, '10.0.0.5')
    listen(22, '0.0.0.0')
    site.startAt('hosts', 'socat', 'TCP-LISTEN:80,fork,reuseaddr', 'SYSTEM:echo host')
    const [, host = ''] = /inet (192\.168\.77\.\d+)/.exec(await site.atHosts('ip -4 address show h0')) ?? []
    await waitFor(
      'all of them',
      async () => (await site.tryAt('hosts', `echo | socat -t10 -T10 - TCP:${host}:80`)).code === 0,
    )
    await waitFor('the services of the board', async () => {
      const listening = await site.sh('ss -Hltn')
      return [22, 2001, 2002].every(port => listening.includes(`:${port} `))
    })
    const reach = async (space: 'hosts' | 'net', address: string, port: number) =>
      (await site.tryAt(space, `echo | socat -t10 -T10 - TCP:${address}:${port},connect-timeout=3`)).text
        .trim()
        .split('\n')
        .at(-1) ?? ''
    assert.is(await reach('hosts', ADDRESS, 22), 'here')
    assert.match(await reach('hosts', '10.0.0.5', 22), 'Connection refused')
    assert.match(await reach('hosts', '10.0.0.5', 2002), 'Connection refused')
    assert.match(await reach('hosts', ADDRESS, 2001), 'refused')
    assert.is(await reach('net', '10.0.0.5', 22), 'here')
    // A neighbour on the uplink who knows the network of the hosts, and what the board is.
    await site.atNet('ip route add 192.168.77.0/24 via 10.0.0.5')
    assert.match(await reach('net', host, 80), 'timed out')
    assert.match((await site.tryAt('net', `busybox nslookup way.example 10.0.0.5`)).text, /no servers|refused/i)
    assert.match((await site.tryAt('net', `busybox nslookup way.example ${ADDRESS}`)).text, /no servers|refused/i)
    // From one uplink to the other.
    await site.atNet('ip route add 198.51.100.1 via 10.0.0.5')
    assert.match(await reach('net', '198.51.100.1', 80), 'timed out')
    // A host with an address of its own invention, and IPv6.
    await site.atHosts('ip address add 172.16.9.9/32 dev h0')
    assert.match((await site.tryAt('hosts', `ping -n -c 1 -W 3 -I 172.16.9.9 ${SERVER} 2>&1`)).text, /./)
    assert.is((await site.tryAt('hosts', `curl -s -m 3 --interface 172.16.9.9 http://${SERVER}/`)).code, 28)
    assert.ok((await site.status()).refusedPackets > 0)
  })

  test('who has no way out is told so at once, and goes on when there is one', async context => {
    const { site } = await startAll(context, undefined)
    await plugIn(site)
    assert.is((await fetchFrom(site)).text.trim(), '10.0.0.5')
    await site.sh('ip link set wlan0 down')
    await waitFor('the modem', async () => (await fetchFrom(site)).text.trim() === '10.64.0.5', { timeoutMs: 15_000 })
    await site.sh('ip link set wwan0 down')
    const unreachable = async () =>
      /[Uu]nreachable/.test((await site.tryAt('hosts', `ping -n -c 1 -W 2 ${SERVER}`)).text)
    await waitFor('the word that there is none', unreachable, { timeoutMs: 15_000 })
    // CURLE_COULDNT_CONNECT, and not that its time was over.
    assert.is((await fetchFrom(site)).code, 7)
    await waitFor('its status', async () => (await site.status()).uplink === null)
    // Nothing is asked of it either.
    assert.match((await site.tryAt('hosts', `busybox nslookup way.example ${ADDRESS}`)).text, /refused|can't find/i)
    await site.sh('ip link set wlan0 up; ip route add default via 10.0.0.1 dev wlan0 metric 600')
    await waitFor('the way back', async () => (await fetchFrom(site)).text.trim() === '10.0.0.5', { timeoutMs: 15_000 })
  })

  test('whatever ends it, nothing is left behind; rules that somebody flushes come back, and those of others stay', async context => {
    const site = await startRouterSite(context)
    await startInternet(site)
    await site.sh('nft add table inet theirs; nft add chain inet theirs c; nft add rule inet theirs c counter accept')
    const state = () =>
      site.sh(
        'nft list ruleset; ip -4 rule; ip -4 route show table all; tc qdisc show; grep . /proc/sys/net/ipv4/conf/*/forwarding',
      )
    const before = await state()
    await site.configure(
      '[[uplinks]]\ninterface = "wlan0"\nuplink_kbit = { up = 5000, down = 20000 }\nbudget_mb_day = 5\n',
    )
    const first = await site.startRouter()
    const during = await state()
    for (const sign of [
      'oobm_router_192_168_77_1',
      'masquerade',
      'htb 7740:',
      'htb 7741:',
      'eth0/forwarding:1',
      'wlan0/forwarding:1',
    ])
      assert.match(during, sign)
    for (const sign of ['wwan0/forwarding:0', 'all/forwarding:0']) assert.match(during, sign)
    await site.sh(
      'nft flush ruleset; nft add table inet theirs; nft add chain inet theirs c; nft add rule inet theirs c counter accept',
    )
    await site.sh('tc qdisc del dev wlan0 root; ip rule del pref 7740')
    await waitFor(
      'all of it again',
      async () => {
        const now = await state()
        return ['masquerade', 'htb 7740:', 'lookup'].every(sign => now.includes(sign)) && /^7740:/m.test(now)
      },
      { timeoutMs: 30_000, paceMs: 500 },
    )
    await first.stop()
    assert.is(await state(), before)

    const second = await site.startRouter()
    assert.is.not(await state(), before)
    await second.kill()
    assert.is(await state(), before)
  })

  test('gives no address while another DHCP server answers, and goes on when that is gone', async context => {
    const site = await startRouterSite(context)
    await startInternet(site)
    // The router of the site, into which somebody has plugged the wrong cable.
    await site.atHosts('ip address add 172.20.0.1/24 dev h0')
    const rogue = site.startAt(
      'hosts',
      'dnsmasq',
      '-k',
      '-C',
      '/dev/null',
      '--port=0',
      '--log-facility=-',
      '--pid-file=',
      '--leasefile-ro',
      '--interface=h0',
      '--bind-interfaces',
      '--dhcp-range=172.20.0.50,172.20.0.60,120',
    )
    await rogue.says(/DHCP, IP range/)
    await site.startRouter()
    assert.equal((await site.status()).dhcp?.otherServers, ['172.20.0.1'])
    await rogue.stop()
    await site.atHosts('ip address flush dev h0')
    assert.not.match(
      (await site.tryAt('hosts', 'busybox udhcpc -i h0 -n -q -f -t 3 -T 1 -s /bin/true 2>&1')).text,
      'lease of',
    )
    // It forgets after ten minutes; here at once.
    await site.sh('nft flush set inet oobm_router_192_168_77_1 dhcp_servers')
    await waitFor('addresses', async () => (await site.status()).dhcp?.otherServers.length === 0, { timeoutMs: 30_000 })
    assert.match(await plugIn(site), /^got 192\.168\.77\.1/m)
  })

  test('past the budget of the day nobody but the board itself goes out, also after a power cut', async context => {
    const site = await startRouterSite(context)
    await startInternet(site)
    site.startAt('net', 'socat', 'TCP-LISTEN:81,fork,reuseaddr', 'SYSTEM:head -c 8000000 /dev/zero')
    const entry = '[[uplinks]]\ninterface = "wlan0"\nbudget_mb_day = 5\n'
    await site.configure(entry)
    const first = await site.startRouter()
    await plugIn(site)
    assert.is((await fetchFrom(site)).text.trim(), '10.0.0.5')
    const { text } = await site.tryAt('hosts', `socat -u -T3 TCP:${SERVER}:81 - | wc -c`)
    assert.ok(Number(text) > 4_000_000 && Number(text) < 5_000_000, text)
    await waitFor('the count', async () => ((await site.status()).budget?.usedBytes ?? 0) > 4_500_000, {
      timeoutMs: 20_000,
    })
    assert.match((await site.tryAt('hosts', `ping -n -c 1 -W 2 ${SERVER}`)).text, 'Packet filtered')
    for (let at = 0; at < 10; at++) assert.is((await fetchFrom(site)).code, 7)
    assert.match(
      (await site.tryAt('hosts', `busybox nslookup way.example ${ADDRESS}`)).text,
      /refused|unreachable|no servers/i,
    )
    assert.is((await site.sh(`curl -s -m 5 http://${SERVER}/`)).trim(), '10.0.0.5')

    await first.kill()
    await site.startRouter()
    assert.is((await fetchFrom(site)).code, 7)
    assert.ok(((await site.status()).budget?.usedBytes ?? 0) > 4_500_000)
    // The other way out has a budget of its own: none.
    await site.carries('wwan0')
    await waitFor('the modem', async () => (await fetchFrom(site)).text.trim() === '10.64.0.5', { timeoutMs: 15_000 })
    await site.carries('wlan0')
    await waitFor('the end of that', async () => (await fetchFrom(site)).code === 7, { timeoutMs: 15_000 })
    // A budget that is raised holds at once.
    await site.configure(entry.replace('5\n', '50\n'))
    await waitFor('the new one', async () => (await fetchFrom(site)).code === 0, { timeoutMs: 20_000 })
  })

  test('a connection of a host fits the link, whatever the host believes', async context => {
    const site = await startRouterSite(context)
    site.startAt('net', 'socat', 'TCP-LISTEN:82,fork,reuseaddr', 'SYSTEM:ss -tinH "sport = :82"')
    await site.sh('ip link set wlan0 mtu 1400')
    await site.startRouter()
    await plugIn(site)
    const { text } = await site.tryAt('hosts', `socat -t10 -T10 - TCP:${SERVER}:82 </dev/null`)
    // 1,400 less 40 bytes of headers and 12 of time stamps.
    assert.match(text, ' mss:1348 ')
  })
}

test.run()
