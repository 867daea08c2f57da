import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram, startProgram } from '../../../testbed/run-program.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { type HaproxyRelay, haproxySuite, say, startHaproxyRelay } from '../../testing/haproxy-relay.ts'
import { parseSources, sourceOf } from '../state/sources.ts'

const test = haproxySuite('HAProxy before a relay’s sshd')
const SLOW = { timeoutMs: 180_000 }
const GREETING = /^SSH-2\.0-OpenSSH/

/** The beginning of a TLS hello that announces more. */
const HALF_HELLO = Buffer.from('160301020001', 'hex')

test(
  'the first byte decides, and a client that waits gets SSH',
  async context => {
    const { port, configure, haproxy } = await startHaproxyRelay(context)
    for (const host of ['127.0.0.1', '::1']) {
      assert.match(await say(port, 'SSH-2.0-test\r\n', { host }), GREETING, host)
      assert.match(await say(port, '', { host }), GREETING, `${host}, waiting`)
      assert.match(await say(port, '', { host, within: 'tls' }), GREETING, `${host}, within TLS`)
    }
    for (const neither of ['GET / HTTP/1.0\r\n\r\n', '\0\0\0\0', '\x15\x03\x01', 'ssh-2.0-small\r\n', '\n']) {
      assert.is(await say(port, neither), 'closed', JSON.stringify(neither))
    }
    // 30 s in earnest: as long as sshd keeps a client that does not log in.
    await configure(text => text.replace('timeout client 30s', 'timeout client 2s'))
    process.kill(haproxy.pid, 'SIGUSR2')
    await haproxy.says(/Loading success[\s\S]*Loading success/)
    assert.is(await say(port, HALF_HELLO), 'closed')
    assert.is(await say(port, Buffer.concat([HALF_HELLO, Buffer.alloc(100, 0xff)])), 'closed', 'and garbage')
    assert.match(await say(port, 'SSH-2.0-test\r\n'), GREETING)
  },
  SLOW,
)

const shows = (relay: HaproxyRelay, options: Parameters<HaproxyRelay['login']>[0]) =>
  runProgram('ssh', [...relay.login(options), 'echo $SSH_CONNECTION'], { timeoutMs: 60_000 })

test(
  'OpenSSH’s client logs in with and without TLS, to the pinned host key only, and the log has where it came from',
  async context => {
    const relay = await startHaproxyRelay(context)
    for (const [from, tls] of [
      ['127.0.0.2', false],
      ['127.0.0.3', true],
    ] as const) {
      const { code, stdout, stderr } = await shows(relay, { from, tls })
      assert.is(code, 0, stderr)
      const [address, port, , serverPort] = stdout.trim().split(' ')
      assert.equal([address, serverPort], ['127.0.0.1', String(relay.sshd.port)])
      const journal = relay.haproxy.output().replace(/^/gm, '1795721732.5 haproxy[1]: ')
      const { atMs: _, ...source } = Object(sourceOf(parseSources(journal), Number(port), 1795721733_000))
      assert.equal(source, { address: from, isWithinTls: tls }, relay.haproxy.output())
      const refused = await shows(relay, { from, tls, knownHost: join(relay.directory, 'other_known_hosts') })
      assert.is(refused.code, 255)
      assert.match(refused.stderr, /HOST IDENTIFICATION HAS CHANGED/)
    }
  },
  SLOW,
)

test(
  'one source takes its places and no more, gets them again, and locks nobody else out',
  async context => {
    const relay = await startHaproxyRelay(context)
    const sockets: Socket[] = []
    context.cleanup(() => sockets.map(socket => socket.destroy()))
    let greeted = 0
    let closed = 0
    const open = () => {
      const socket = connect({ port: relay.port, host: '127.0.0.1', localAddress: '127.0.0.2' })
      sockets.push(socket.on('error', () => {}))
      socket.once('data', () => greeted++).once('close', () => closed++)
    }
    for (let at = 0; at < 2_000; at++) open()
    await waitFor('all to be served or refused', () => greeted + closed >= 2_000, { timeoutMs: 60_000 })
    assert.is(greeted, 50)
    const device = await shows(relay, { from: '127.0.0.1' })
    assert.is(device.code, 0, device.stderr)
    assert.is((await shows(relay, { from: '127.0.0.3', tls: true })).code, 0)
    assert.is((await shows(relay, { from: '127.0.0.2' })).code, 255, 'the crowded source')
    // It goes on trying all the time: what is refused does not count.
    const again = async () => (await shows(relay, { from: '127.0.0.2' })).code === 0
    assert.ok(await waitFor('the crowded source to be served again', again, { timeoutMs: 90_000, paceMs: 500 }))
  },
  SLOW,
)

test(
  'a reload keeps tunnels, with and without TLS, and new ones come by the new process',
  async context => {
    const relay = await startHaproxyRelay(context)
    const tunnels = [false, true].map(tls => startProgram('ssh', [...relay.login({ tls }), 'cat']))
    for (const tunnel of tunnels) context.cleanup(() => tunnel.stop())
    const echo = async (word: string) => {
      for (const tunnel of tunnels) tunnel.child.stdin?.write(`${word}\n`)
      for (const tunnel of tunnels) await tunnel.says(new RegExp(`^${word}$`, 'm'))
    }
    await echo('before')
    const workers = async () => {
      const { stdout } = await runProgram('pgrep', ['-P', String(relay.haproxy.pid)])
      return stdout.trim().split('\n')
    }
    const [first] = await workers()
    for (const turn of [1, 2, 3]) {
      await relay.configure(text => text.replace('ge 50', `ge ${50 + turn}`))
      process.kill(relay.haproxy.pid, 'SIGUSR2')
      await relay.haproxy.says(new RegExp(`(?:Loading success[\\s\\S]*){${turn + 1}}`))
      assert.match(await say(relay.port, '', { within: 'tls' }), GREETING)
      await echo(`after-${turn}`)
    }
    assert.is((await shows(relay, {})).code, 0)
    assert.ok((await workers()).includes(first ?? ''), 'the process that has the tunnels')
    for (const tunnel of tunnels) await tunnel.stop()
    assert.ok(await waitFor('the earlier process to end', async () => !(await workers()).includes(first ?? '')))
  },
  SLOW,
)

test.run()
