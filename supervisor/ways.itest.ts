import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../testbed/run-program.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { LOGIN, makeCertificate, PLAIN_PASSWORD, startHaproxy, startTinyproxy } from '../transport/testing/gateways.ts'
import { ask, startField } from './testing/field.ts'

const test = suite('ways out of a network')

/** TEST-NET-1 (RFC 5737), inside namespaces of this test alone. */
const RELAY = '192.0.2.1'
const DEVICE = '192.0.2.2'

/** A relay with HAProxy in front of its sshd, a device, and a network between them with a firewall. */
async function network(context: TestContext) {
  const [relay, device] = [`oobm-r-${process.pid}`, `oobm-d-${process.pid}`]
  const run = async (command: string, ...args: string[]) => {
    const { code, stderr } = await runProgram(command, args)
    if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
  }
  for (const name of [relay, device]) {
    await run('ip', 'netns', 'add', name)
    context.cleanup(() => run('ip', 'netns', 'delete', name))
    await run('ip', '-n', name, 'link', 'set', 'lo', 'up')
  }
  await run('ip', '-n', relay, 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', device)
  await run('ip', '-n', relay, 'address', 'add', `${RELAY}/24`, 'dev', 'cable')
  await run('ip', '-n', device, 'address', 'add', `${DEVICE}/24`, 'dev', 'cable')
  for (const name of [relay, device]) await run('ip', '-n', name, 'link', 'set', 'cable', 'up')
  await run('ip', '-n', device, 'route', 'add', 'default', 'via', RELAY)
  const under = (name: string) => ['ip', 'netns', 'exec', name]
  const field = await startField(context, { relay: { under: under(relay) }, deviceUnder: under(device) })
  const pem = await makeCertificate(field.directory, 'relay')
  const where = { address: RELAY, under: under(relay) }
  const haproxy = await startHaproxy(context, field.directory, field.relay.port, pem, where)
  const [configured] = field.config().relays
  if (!configured) throw new Error('no relay')
  const relays = [{ ...configured, host: RELAY, port: haproxy.port }]
  const firewall = async (...rules: string[]) => {
    const text = `flush ruleset\ntable ip gate {\nchain in {\ntype filter hook prerouting priority 0\n${rules.join('\n')}\n}\n}\n`
    const { code, stderr } = await runProgram('ip', ['netns', 'exec', relay, 'nft', '-f', '-'], { input: text })
    if (code !== 0) throw new Error(stderr)
  }
  return { field, relays, where, firewall, port: haproxy.port }
}

/** `SSH-2.0-`, as the first bytes after the TCP header. */
const SPEAKS_SSH = '@ih,0,64 0x5353482d322e302d'

if (process.getuid?.() === 0) {
  test(
    'a firewall that resets SSH: proved within TLS, by the self-test too, and remembered for this network',
    async context => {
      const { field, relays, firewall, port } = await network(context)
      await firewall(`tcp dport ${port} ${SPEAKS_SSH} counter reject with tcp reset`)
      const device = await field.supervisor('a', { config: { relays } })
      const status = await device.becomes('ready', /^proved: a technician can get in, within TLS/)
      assert.equal(
        [status.way?.rung, status.way?.proxy, status.way?.certificate?.issuer],
        ['tls', null, 'relay Ltd, relay'],
      )
      const direct = status.ways?.find(({ rung }) => rung === 'direct')
      assert.match(direct?.cause ?? '', /^192\.0\.2\.1:\d+ closes the connection without an SSH greeting/)
      assert.is(status.ways?.find(({ rung }) => rung === 'tls')?.cause, null)
      await ask(device, 'test')
      await waitFor('a self-test by the same way', async () => (await device.status())?.proof.by === 'self-test')
      const memory = join(device.state, 'ways.json')
      const known = await waitFor('the way to be kept', () => readFile(memory, 'utf8').catch(() => undefined))
      assert.match(known, /"networks":\[\["cable [0-9a-f:]{17}","tls"\]\]/)
      const triedAt = direct?.at
      await device.crash()
      const again = await device.restart()
      const after = await again.becomes('ready', /within TLS/)
      assert.is(triedAt !== undefined && after.ways?.some(({ rung }) => rung === 'direct'), false)
    },
    { timeoutMs: 150_000 },
  )

  test(
    'only an HTTP proxy leads out: proved through it, with a login; a wrong password is said',
    async context => {
      const { field, relays, where, firewall, port } = await network(context)
      const proxy = await startTinyproxy(context, field.directory, 'basic', where)
      await firewall(`iif cable tcp dport != ${proxy.port} counter drop`)
      const config = { relays, proxy: { host: RELAY, port: proxy.port, user: LOGIN.user } }
      const secrets = { relay_key: field.deviceKey.privateKey }
      const device = await field.supervisor('a', { config, secrets: { ...secrets, relay_proxy_password: 'wrong' } })
      await device.becomes(
        'no-relay',
        new RegExp(`^${RELAY}:${port} does not answer: .*; the proxy .* does not accept the login oobm$`),
      )
      await device.program.stop()
      const better = await field.supervisor('b', {
        config,
        secrets: { ...secrets, relay_proxy_password: PLAIN_PASSWORD },
      })
      const status = await better.becomes('ready', /, within TLS, through the proxy 192\.0\.2\.1:\d+/)
      assert.is(status.way?.proxy, `${RELAY}:${proxy.port}`)
    },
    { timeoutMs: 150_000 },
  )
} else {
  test.skip('a firewall that resets SSH', 'network namespaces need root')
}

test.run()
