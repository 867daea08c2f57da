/** What is rendered, taken by the real systemd-networkd, on interfaces of a network namespace. */
import { spawnSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import * as z from 'zod'
import { type SiteInput, siteShape } from '../../formats/site-config.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { renderNetworkd } from './render-networkd.ts'

const test = suite('networkd')
const NETWORKD = '/lib/systemd/systemd-networkd'

/**
 * A read-only /sys makes networkd do without udev, as in a container.
 * Ends when the routes or the log hold what is awaited; the addresses and routes of then are in files.
 */
const SCRIPT = `
directory=$1 first=$2 last=$3
seen() { { ip route; ip -6 route; cat "$directory/log"; } | grep -q "$1"; }
mount -t tmpfs none /run
mkdir -p /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases
chmod -R go+rX /run && chown -R systemd-network: /run/systemd/netif
cp "$directory"/*.network /run/systemd/network/ && chmod 644 /run/systemd/network/*
mount -t sysfs -o ro sysfs /sys
ip link add eth0 type veth peer name far0
ip link set far0 up
SYSTEMD_LOG_LEVEL=debug SYSTEMD_LOG_TARGET=console ${NETWORKD} >"$directory/log" 2>&1 &
networkd=$!
tries=0
until { seen "$first" && seen "$last"; } || [ $tries -ge 300 ]; do tries=$((tries + 1)); sleep 0.1; done
ip -o addr show dev eth0 >"$directory/addresses"
{ ip route; ip -6 route; } >"$directory/routes"
kill $networkd
wait $networkd
`

async function startNetworkd(context: TestContext, site: SiteInput, awaited: [string, string]) {
  const directory = join(await scratchDirectory(context), 'network')
  await mkdir(directory)
  const files = renderNetworkd(z.strictObject(siteShape).parse(site))
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content)
  const shell = ['-m', '-n', 'sh', '-euc', SCRIPT, 'sh', directory, ...awaited]
  const { code, stderr } = await runProgram('unshare', shell, { timeoutMs: 60_000 })
  const read = (name: string) => readFile(join(directory, name), 'utf8').catch(() => '')
  context.onFailure(() => read('log'))
  assert.is(code, 0, stderr)
  const log = await read('log')
  // Newer versions report each file that they read; reports about Debian's own files do not concern us.
  const complaints = log.split('\n').filter(line => /^\/run\/.*\.network:(?! Successfully loaded\.)/.test(line))
  return { files, log, complaints, addresses: await read('addresses'), routes: await read('routes') }
}

if (spawnSync('test', ['-x', NETWORKD]).status !== 0 || spawnSync('unshare', ['-m', '-n', 'true']).status !== 0) {
  test.skip('gives an interface its fixed addresses', 'needs root and systemd-networkd')
} else {
  test(
    'gives an interface its fixed addresses, gateways and name servers',
    async context => {
      const site: SiteInput = {
        system: { ntp: ['ntp.example.net'] },
        interfaces: [
          {
            name: 'eth0',
            addresses: ['192.0.2.10/24', '2001:db8::10/64'],
            gateways: ['192.0.2.1', '2001:db8::1'],
            dns: ['192.0.2.53', '2001:db8::53'],
            search: ['example.net', 'lab.example.net'],
          },
          { name: 'wifi', addresses: ['198.51.100.2/24'], dhcp: true },
          { name: 'wired', dhcp: false },
        ],
      }
      const { complaints, addresses, routes, log, files } = await startNetworkd(context, site, [
        'default via 192',
        'default via 2001',
      ])
      assert.equal(complaints, [])
      assert.match(log, /found matching (network '|\.network file: )\/run\/systemd\/network\/50-oobm-eth0\.network/i)
      assert.match(addresses, 'inet 192.0.2.10/24')
      assert.match(addresses, 'inet6 2001:db8::10/64')
      assert.match(routes, 'default via 192.0.2.1 dev eth0 proto static metric 100')
      assert.match(routes, 'default via 2001:db8::1 dev eth0 proto static metric 100')
      assert.equal(Object.keys(files).sort(), [
        '50-oobm-eth0.network',
        '60-oobm-modem.network',
        '60-oobm-wifi.network',
        '60-oobm-wired.network',
      ])
    },
    { timeoutMs: 90_000 },
  )

  test('networkd understands every line of an interface without an entry', async context => {
    // far0 is of the kind veth, so nothing matches it or eth0: this asks for the parser alone.
    const { complaints, log } = await startNetworkd(context, { system: { ntp: ['192.0.2.1'] } }, [
      'Enumeration',
      'completed',
    ])
    assert.equal(complaints, [])
    assert.not.match(log, /found matching/i)
  })
}

test.run()
