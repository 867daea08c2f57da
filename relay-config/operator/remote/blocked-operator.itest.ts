import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import type { TestContext } from '../../../testbed/suite.ts'
import { startSquid } from '../../../transport/testing/gateways.ts'
import { parseFleet } from '../../fleet/fleet-config.ts'
import { carryCertificate } from '../../relay/apply/certificate.ts'
import { renderHaproxyConfig } from '../../relay/dedicated/haproxy-config.ts'
import { farOperator } from '../../testing/far-operator.ts'
import { hostSuite, type ThrowawayHost } from '../../testing/throwaway-host.ts'
import { RELAY_ADDRESS } from '../../testing/wires.ts'

const test = hostSuite('an operator in a network that blocks SSH')
const SLOW = { timeoutMs: 200_000 }

const WORKS = /^2 devices, 0 proved$/m
/** `SSH-2.0-`, as the first bytes after the TCP header. */
const SPEAKS_SSH = '@ih,0,64 0x5353482d322e302d'

test(
  'commands about a relay reach the sshd of its host within TLS, where the fleet file says that this is open',
  async context => {
    const { host, fleet, operate } = await farOperator(context)
    assert.is((await operate(['push', '--no-systemd'])).code, 0)
    await firewall(host, `iifname wire2 ${SPEAKS_SSH} counter reject with tcp reset`)
    const closed = await operate(['status'])
    assert.equal([closed.code, closed.stdout], [69, ''])
    assert.match(closed.stderr, /reset[\s\S]*^cannot reach relay lon \(192\.0\.2\.1, port 22\)/m)
    assert.not.match(closed.stderr, /other way/, 'there is none')

    // HAProxy is to have its port, and needs none of the devices' sshd here.
    await host.sh('kill "$(cat /run/oobm-relay-sshd.pid)"; while ss -ltn | grep -q :443; do sleep 0.1; done')
    const setting = (text: string) => fleet.write(all => all.replace(/(accounts = "dedicated"\n)/, `$1${text}\n`))
    await setting('tls = true')
    const front = await startFront(context, host, await readFile(join(host.shared, 'fleet.toml'), 'utf8'))
    assert.is((await operate(['status'])).code, 69, 'the fleet file does not open it')
    await setting('tls = true\nadmin_tls = true')
    const refused = await operate(['status'])
    assert.is(refused.code, 69, 'HAProxy does not know it yet')
    assert.match(refused.stderr, /within TLS: .*it does not lead to "oobm-admin" within TLS/)
    await front.stop()

    await startFront(context, host, await readFile(join(host.shared, 'fleet.toml'), 'utf8'))
    const open = await operate(['status'])
    assert.is(open.code, 0, open.stderr)
    assert.match(open.stdout, WORKS)
    assert.match(open.stderr, /^oobm-relay: 192\.0\.2\.1:22 is reached within TLS$/m)
    const off = await operate(['off', 'osaka', '--reason', "it's"])
    assert.is(off.code, 0, off.stderr)
    const missing = await operate(['on', 'nagoya'])
    assert.is(missing.code, 64, 'what fails there is not tried twice')
    await firewall(host)
    assert.not.match((await operate(['status'])).stderr, /is reached/, 'an open network costs nothing')
  },
  SLOW,
)

test(
  'where only an HTTP proxy leads out, they go through it, unless ssh has a way of its own',
  async context => {
    const { host, operate, env, bin } = await farOperator(context)
    assert.is((await operate(['push', '--no-systemd'])).code, 0)
    const directory = await scratchDirectory(context)
    const under = ['nsenter', '--target', String(host.pid), '--net']
    const squid = await startSquid(context, directory, 'none', { address: RELAY_ADDRESS, under, port: 3128 })
    await firewall(host, `iifname wire2 meta l4proto tcp tcp dport != ${squid.port} counter reject with tcp reset`)
    assert.is((await operate(['status'])).code, 69)
    Object.assign(env, { https_proxy: `http://${RELAY_ADDRESS}:${squid.port}` })
    const through = await operate(['status'])
    assert.is(through.code, 0, through.stderr)
    assert.match(through.stdout, WORKS)
    assert.match(through.stderr, /^oobm-relay: 192\.0\.2\.1:22 is reached through the HTTP proxy 192\.0\.2\.1:3128$/m)

    await writeFile(join(bin, 'ssh'), '#!/bin/sh\nexec /usr/bin/ssh -F none -o ProxyCommand=false "$@"\n')
    await chmod(join(bin, 'ssh'), 0o755)
    const own = await operate(['status'])
    assert.is(own.code, 69)
    assert.not.match(own.stderr, /is reached/)
  },
  SLOW,
)

async function firewall(host: ThrowawayHost, ...rules: string[]): Promise<void> {
  const chain = `table ip gate {\nchain in {\ntype filter hook prerouting priority 0\n${rules.join('\n')}\n}\n}\n`
  await host.sh('nft -f -', `flush ruleset\n${chain}`)
}

/** The HAProxy of that relay, as its file says, before an sshd that is not there. */
async function startFront(context: TestContext, host: ThrowawayHost, fleetText: string) {
  const fleet = parseFleet('fleet.toml', fleetText)
  const [relay] = fleet.relays
  assert.ok(relay)
  await carryCertificate(join(host.shared, 'none'), join(host.shared, 'tls.pem'), relay.host)
  await writeFile(join(host.shared, 'haproxy.cfg'), renderHaproxyConfig(fleet, relay, { hasIpv6: false }))
  const haproxy = host.start('haproxy', ['-W', '-f', '/root/fleet/haproxy.cfg'], {
    env: { ...process.env, RUNTIME_DIRECTORY: '/run', CREDENTIALS_DIRECTORY: '/root/fleet' },
  })
  context.cleanup(() => haproxy.stop())
  context.onFailure(() => haproxy.output())
  await haproxy.says(/Loading success/)
  return haproxy
}

test.run()
