import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Finished } from '../../../testbed/run-program.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { LOGIN, PLAIN_PASSWORD, startSquid, startTinyproxy } from '../../../transport/testing/gateways.ts'
import { RELAY, startBlockedNetwork } from '../../testing/blocked-network.ts'
import { hostSuite } from '../../testing/throwaway-host.ts'

const test = hostSuite('a technician in a network that blocks SSH')
const SLOW = { timeoutMs: 200_000 }

function assertHello({ code, stdout, stderr }: Finished): void {
  assert.equal([code, stdout], [0, 'hello\n'], stderr)
}

test(
  'an open network costs nothing; one that resets SSH is left within TLS, and one that opens TLS is said',
  async context => {
    const scene = await startBlockedNetwork(context)
    // On a busy machine the relay may be silent for so long that another way is tried: not each time.
    await waitFor('a login by the plain way', async () => {
      const open = await scene.ssh('echo hello; cat /proc/[0-9]*/cmdline | tr "\\0" " " >&2')
      assertHello(open)
      assert.match(open.stderr, /oobm-relay\.cjs proxy /)
      return !/oobm-relay\.cjs reach /.test(open.stderr)
    })

    await scene.resetSsh()
    const blocked = await scene.ssh('echo hello')
    assertHello(blocked)
    assert.match(blocked.stderr, new RegExp(`^oobm-relay: ${RELAY}:${scene.port} is reached within TLS$`, 'm'))
    // By hand, and in a terminal.
    const own = join(scene.directory, 'own')
    const typed = await scene.run(['script', '-qec', `oobm-relay connect tokyo --ssh-config ${own}`, '/dev/null'], {
      input: 'echo hello-$((20 + 3))\nexit\n',
    })
    assert.match(typed.stdout, /is reached within TLS/)
    assert.match(typed.stdout, /hello-23/)

    await scene.openTls()
    const opened = await scene.ssh('echo hello')
    assertHello(opened)
    assert.match(
      opened.stderr,
      /within TLS; this network opens TLS, with a certificate of Company Ltd, Company: only the SSH/,
    )

    await scene.firewall('iifname cable meta l4proto tcp counter reject with tcp reset')
    const none = await scene.ssh('echo hello')
    assert.is(none.code, 255)
    assert.match(
      none.stderr,
      /no other way leads to 192\.0\.2\.1:\d+:\n {2}within TLS: .*\n {2}through an HTTP proxy: none is set/,
    )
    assert.match(
      none.stderr,
      /answers at none of its relays:\n {2}relay lon: .* directly \(192\.0\.2\.1 refuses connections/,
    )
  },
  SLOW,
)

test(
  'only an HTTP proxy leads out: by the environment or a file, with each login, and the password on no command line',
  async context => {
    const scene = await startBlockedNetwork(context)
    const squid = await startSquid(context, scene.directory, 'digest', scene.where)
    const tinyproxy = await startTinyproxy(context, scene.directory, 'basic', scene.where)
    await scene.firewall(
      `iifname cable meta l4proto tcp tcp dport != { ${squid.port}, ${tinyproxy.port} } counter drop`,
    )
    const password = encodeURIComponent(LOGIN.password)
    const https_proxy = `http://${LOGIN.user}:${password}@${RELAY}:${squid.port}`
    const digest = await scene.ssh('echo hello; cat /proc/[0-9]*/cmdline | tr "\\0" " " >&2', { https_proxy })
    assertHello(digest)
    assert.match(digest.stderr, /is reached through the HTTP proxy 192\.0\.2\.1:\d+, within TLS$/m)
    assert.match(digest.stderr, /oobm-relay\.cjs reach /)
    for (const secret of [password, LOGIN.password]) assert.not(digest.stderr.includes(secret))

    const file = join(scene.directory, 'proxy')
    await writeFile(file, `http://${LOGIN.user}:${PLAIN_PASSWORD}@${RELAY}:${tinyproxy.port}\n`, { mode: 0o600 })
    const command = `oobm-relay proxy --proxy-file ${file} --tls ${scene.relayHost} %h:%p ${scene.relayHost}`
    assertHello(await scene.ssh('echo hello', { no_proxy: '*' }, ['-o', `ProxyCommand=${command}`]))

    const wrong = { https_proxy: `http://${LOGIN.user}:x@${RELAY}:${tinyproxy.port}` }
    const refused = await scene.ssh('echo hello', wrong)
    assert.is(refused.code, 255)
    assert.match(refused.stderr, /through an HTTP proxy: the proxy .* does not accept the login oobm$/m)
  },
  SLOW,
)

test(
  'a relay without TLS is reached by plain SSH through the proxy',
  async context => {
    const scene = await startBlockedNetwork(context, { tls: false })
    const squid = await startSquid(context, scene.directory, 'none', scene.where)
    await scene.firewall(`iifname cable meta l4proto tcp tcp dport != ${squid.port} counter reject with tcp reset`)
    const HTTPS_PROXY = `http://${RELAY}:${squid.port}`
    const plain = await scene.ssh('echo hello', { HTTPS_PROXY })
    assertHello(plain)
    assert.match(plain.stderr, /is reached through the HTTP proxy 192\.0\.2\.1:\d+$/m)
    assert.is((await scene.ssh('echo hello', { HTTPS_PROXY, no_proxy: RELAY })).code, 255)
  },
  SLOW,
)

test.run()
