import { getEventListeners, once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { connect as connectSocket, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { freePort, freePorts } from '../../testbed/free-port.ts'
import { type KeyPair, makeKey } from '../../testbed/make-key.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { type Sshd, signalProcess, startSshd } from '../../testbed/sshd.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { OFFER } from './algorithms.ts'
import { connect } from './connect.ts'
import type { Connection, ConnectOptions } from './connection.ts'

const test = suite('ssh connect')
const SOON = () => AbortSignal.timeout(20_000)
const ABORTED = AbortSignal.abort()

interface Relay {
  sshd: Sshd
  key: KeyPair
  /** A TCP connection to it. */
  socket(): Promise<Socket>
  options(more?: Partial<ConnectOptions>): Promise<ConnectOptions>
  login(more?: Partial<ConnectOptions>): Promise<Connection>
}

async function relay(context: TestContext, config: string[] = []): Promise<Relay> {
  const directory = await scratchDirectory(context)
  const key = await makeKey(directory, 'key')
  await writeFile(join(directory, 'authorized_keys'), key.publicKey)
  const sshd = await startSshd({
    directory: join(directory, 'sshd'),
    authorizedKeys: [join(directory, 'authorized_keys')],
    config,
  })
  context.cleanup(() => sshd.stop())
  context.onFailure(sshd.log)
  const socket = () => socketTo(context, sshd.port)
  const options = async (more: Partial<ConnectOptions> = {}) => ({
    stream: await socket(),
    user: sshd.user,
    credentials: { privateKey: key.privateKey },
    hostKeys: [sshd.hostKey.publicKey],
    nowMs: () => performance.now(),
    signal: SOON(),
    ...more,
  })
  const login = async (more: Partial<ConnectOptions> = {}) => {
    const made = await connect(await options(more))
    if (!made.ok) throw new Error(`${made.fault.kind}: ${made.fault.detail}`)
    context.cleanup(() => made.connection.destroy())
    return made.connection
  }
  return { sshd, key, socket, options, login }
}

async function socketTo(context: TestContext, port: number): Promise<Socket> {
  const socket = connectSocket({ host: '127.0.0.1', port })
  context.cleanup(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = ''
  for await (const part of stream) all += part
  return all
}

/** The process of sshd that has this connection. */
async function serverOf(connection: Connection): Promise<number> {
  const ran = await connection.exec('echo $PPID', SOON())
  return Number(ran.ok ? await text(ran.value.stream) : undefined)
}

test('runs a command: output, exit code, and the ends of both directions', async context => {
  const connection = await (await relay(context)).login()
  const ran = await connection.exec('cat; echo done; echo noise >&2; exit 3', SOON())
  assert.ok(ran.ok)
  ran.value.stream.end('typed ')
  assert.is(await text(ran.value.stream), 'typed done\n')
  assert.is(await ran.value.exited, 3)
  const silent = await connection.exec('exit 7', SOON())
  assert.ok(silent.ok)
  assert.is(await silent.value.exited, 7, 'also when nobody reads')
  const killed = await connection.exec('kill -9 $$', SOON())
  assert.is(killed.ok && (await killed.value.exited), undefined)
})

test('listens, carries who comes both ways with half-close, and gives the listener back', async context => {
  const { login } = await relay(context)
  const connection = await login()
  const port = await freePort()
  const ports: number[] = []
  connection.onArrival(arrival => {
    ports.push(arrival.port)
    const stream = arrival.accept()
    stream.pipe(stream)
  })
  assert.is(await connection.listen(port, SOON()), 'granted')
  assert.is(await (await login()).listen(port, SOON()), 'refused')
  const visitor = await socketTo(context, port)
  visitor.end('there and back')
  assert.is(await text(visitor), 'there and back')
  const inner = await connection.open(port, SOON())
  assert.ok(inner.ok)
  inner.value.end('in-band')
  assert.is(await text(inner.value), 'in-band')
  assert.equal(ports, [port, port])
  assert.is(await connection.unlisten(port, SOON()), 'cancelled')
  assert.is(await connection.unlisten(port, SOON()), 'refused')
  const gone = await connection.open(port, SOON())
  assert.not(gone.ok)
  assert.match((gone.ok === false && gone.cause) || '', /nothing answers there/)
})

test('a ping takes 68 bytes out and 36 in, and several questions at once get each its own answer', async context => {
  const connection = await (await relay(context)).login()
  await connection.ping(SOON())
  const before = connection.activity()
  assert.ok(((await connection.ping(SOON())) as number) > 0)
  const after = connection.activity()
  assert.is(after.receivedBytes - before.receivedBytes, 36)
  assert.is(after.sentBytes - before.sentBytes, 68)
  assert.ok(after.receivedAtMs > before.receivedAtMs)
  const [a, b] = await freePorts(2)
  const answers = await Promise.all([
    connection.ping(SOON()),
    connection.listen(a as number, SOON()),
    connection.ping(SOON()),
    connection.listen(a as number, SOON()),
    connection.unlisten(b as number, SOON()),
    connection.listen(b as number, SOON()),
    connection.ping(SOON()),
  ])
  assert.equal(
    answers.map(answer => (typeof answer === 'number' ? 'number' : answer)),
    ['number', 'granted', 'number', 'refused', 'refused', 'granted', 'number'],
  )
})

test('says what is wrong with a login, and never goes on', async context => {
  const { options, sshd, key } = await relay(context, ['MACs hmac-sha1', 'Ciphers aes128-ctr'])
  const directory = await scratchDirectory(context)
  const [stranger, sealed] = [await makeKey(directory, 'stranger'), await makeKey(directory, 'sealed', 'open sesame')]
  const good = await relay(context)
  const fault = async (made: ReturnType<typeof connect>) => {
    const outcome = await made
    return outcome.ok ? 'none' : `${outcome.fault.kind}: ${outcome.fault.detail}`
  }
  assert.match(await fault(connect(await options())), /^algorithms: .*no matching C->S MAC/)
  const { publicKey } = stranger
  assert.match(await fault(connect(await good.options({ hostKeys: [publicKey] }))), /^host-key: SHA256:[\w+/]{43}$/)
  assert.match(await fault(connect(await good.options({ hostKeys: [] }))), /^host-key: no host key/)
  const { privateKey } = stranger
  assert.match(
    await fault(connect(await good.options({ credentials: { privateKey } }))),
    /^authentication: it offers publickey/,
  )
  assert.match(await fault(connect(await good.options({ credentials: { password: 'x' } }))), /^authentication: /)
  assert.match(await fault(connect(await good.options({ credentials: {} }))), /^authentication: no login was tried/)
  const locked = { privateKey: sealed.privateKey, passphrase: 'wrong' }
  assert.match(await fault(connect(await good.options({ credentials: locked }))), /^own-key: /)
  assert.is(
    await fault(connect(await good.options({ credentials: { ...locked, passphrase: 'open sesame' } }))).then(
      state => state.split(':')[0],
    ),
    'authentication',
  )
  assert.match(await fault(connect(await good.options({ signal: ABORTED }))), /^silent: /)
  assert.ok(sshd && key)
})

test('settles every call at once when it was aborted before, and when the connection is gone', async context => {
  const { login, sshd } = await relay(context)
  const connection = await login()
  const calls = (signal: AbortSignal) =>
    Promise.all([
      connection.exec('true', signal).then(answer => answer.ok),
      connection.open(1, signal).then(answer => answer.ok),
      connection.listen(1, signal),
      connection.unlisten(1, signal),
      connection.ping(signal),
    ])
  const nothing = [false, false, 'unanswered', 'unanswered', undefined]
  assert.equal(await calls(ABORTED), nothing)
  const ran = await connection.exec('sleep 100', SOON())
  assert.ok(ran.ok)
  const pending = [connection.exec('sleep 1; echo', SOON()), connection.ping(SOON())]
  for (const pid of await sshd.descendants()) signalProcess(pid, 'SIGKILL')
  await Promise.all(pending)
  assert.is(await ran.value.exited, undefined)
  await waitFor('the stream to be destroyed', () => ran.value.stream.destroyed)
  assert.ok(connection.closed.aborted)
  assert.match(connection.closeCause(), /the other end closed the connection|the connection broke/)
  assert.equal(await calls(SOON()), nothing)
  await connection.end(SOON())
  connection.destroy()
})

test('what was abandoned does no harm later: a channel is closed, a listener is given back', async context => {
  const { login } = await relay(context)
  const connection = await login()
  const pid = await serverOf(connection)
  const port = await freePort()
  signalProcess(pid, 'SIGSTOP')
  const asked = new AbortController()
  const pending = [
    connection.exec('cat', asked.signal),
    connection.listen(port, asked.signal),
    connection.ping(asked.signal),
  ]
  asked.abort()
  const [ran, listened, ping] = await Promise.all(pending)
  assert.equal([(ran as { ok: boolean }).ok, listened, ping], [false, 'unanswered', undefined])
  signalProcess(pid, 'SIGCONT')
  assert.ok(((await connection.ping(SOON())) as number) > 0)
  await waitFor('the listener to be given back', async () => (await (await login()).listen(port, SOON())) === 'granted')
})

test('a listener that comes too late goes to whoever asks for it by then', async context => {
  const { login } = await relay(context)
  const connection = await login()
  const pid = await serverOf(connection)
  const port = await freePort()
  signalProcess(pid, 'SIGSTOP')
  assert.is(await connection.listen(port, AbortSignal.timeout(50)), 'unanswered')
  const again = connection.listen(port, SOON())
  signalProcess(pid, 'SIGCONT')
  assert.is(await again, 'granted')
  assert.is(await connection.unlisten(port, SOON()), 'cancelled')
})

test('a connection inside another one works, and ends with it', async context => {
  const { login, options, sshd } = await relay(context)
  const outer = await login()
  const through = await outer.open(sshd.port, SOON())
  assert.ok(through.ok)
  const made = await connect(await options({ stream: through.value }))
  assert.ok(made.ok)
  const ran = await made.connection.exec('echo inside', SOON())
  assert.is(ran.ok && (await text(ran.value.stream)), 'inside\n')
  assert.ok(made.connection.activity().receivedBytes > 1000)
  outer.destroy()
  await waitFor('the inner connection to end', () => made.connection.closed.aborted)
  assert.is(await made.connection.ping(SOON()), undefined)
})

test('probes, visitors and commands leave nothing: no channel, no listener, no connection', async context => {
  const channels = countChannels(context)
  const connection = await (await relay(context)).login()
  let open = 0
  let most = 0
  const server = createServer(socket => {
    open++
    socket.on('error', () => {}).on('close', () => open--)
    socket.write('SSH-2.0-x\r\n')
    socket.resume()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.cleanup(() => server.close())
  const target = (server.address() as { port: number }).port
  const port = await freePort()
  connection.onArrival(arrival => {
    const stream = arrival.accept()
    const socket = connectSocket({ host: '127.0.0.1', port: target, allowHalfOpen: true })
    socket.on('error', () => {}).on('close', () => stream.destroy())
    stream.on('close', () => socket.destroy())
    stream.pipe(socket).pipe(stream)
  })
  assert.is(await connection.listen(port, SOON()), 'granted')
  const before = getEventListeners(connection.closed, 'abort').length
  for (let i = 0; i < 30; i++) {
    const opened = await connection.open(port, SOON())
    assert.ok(opened.ok)
    assert.is(String((await once(opened.value, 'data'))[0]), 'SSH-2.0-x\r\n')
    most = Math.max(most, channels())
    opened.value.destroy()
    const ran = await connection.exec('exit 0', SOON())
    assert.is(ran.ok && (await ran.value.exited), 0)
    // More than anybody reads.
    const endless = await connection.exec('yes', SOON())
    assert.ok(endless.ok)
    await once(endless.value.stream, 'readable')
    endless.value.stream.destroy()
    if (ran.ok) ran.value.stream.destroy()
  }
  await waitFor('the visitors to be gone', () => open === 0)
  await waitFor('the listeners to be gone', () => getEventListeners(connection.closed, 'abort').length <= before)
  assert.ok(most > 0)
  await waitFor('the channels to be gone', () => channels() === 0)
})

/** ssh2's own books of open channels, of every client that is made from now on. */
function countChannels(context: TestContext): () => number {
  const { prototype } = createRequire(import.meta.url)('ssh2/lib/utils.js').ChannelManager
  const managers = new Set<{ _count: number }>()
  const { add } = prototype
  prototype.add = function counted(this: { _count: number }, ...args: unknown[]) {
    managers.add(this)
    return add.apply(this, args)
  }
  context.cleanup(() => {
    prototype.add = add
  })
  return () => [...managers].reduce((sum, { _count }) => sum + _count, 0)
}

test('visitors whom nobody reads are let go, and others come after them', async context => {
  const connection = await (await relay(context)).login()
  const port = await freePort()
  assert.is(await connection.listen(port, SOON()), 'granted')
  let came = 0
  connection.onArrival(arrival => {
    came++
    const stream = arrival.accept()
    stream.once('readable', () => stream.destroy())
  })
  for (let i = 1; i <= 80; i++) {
    const visitor = await socketTo(context, port)
    visitor
      .on('error', () => {})
      .resume()
      .write(Buffer.alloc(100_000))
    await waitFor('the visitor to be let go', () => visitor.destroyed)
    assert.is(came, i)
  }
})

test('goes on when sshd exchanges keys anew, in both directions', async context => {
  const connection = await (await relay(context, ['RekeyLimit 256K'])).login()
  const ran = await connection.exec('cat', SOON())
  assert.ok(ran.ok)
  const { stream } = ran.value
  let received = 0
  stream.on('data', bytes => {
    received += bytes.length
  })
  const block = Buffer.alloc(64 * 1024, 'x')
  for (let i = 0; i < 160; i++) if (!stream.write(block)) await once(stream, 'drain', { signal: SOON() })
  stream.end()
  assert.is(await ran.value.exited, 0)
  assert.is(received, 160 * block.length)
  assert.ok(typeof (await connection.ping(SOON())) === 'number')
})

for (const [keyword, list] of [
  ['KexAlgorithms', OFFER.kex],
  ['Ciphers', OFFER.cipher],
  ['MACs', OFFER.hmac],
] as const) {
  test(`speaks each of its ${keyword} with sshd`, async context => {
    for (const name of list) {
      const only = keyword === 'MACs' ? ['Ciphers aes128-ctr', `MACs ${name}`] : [`${keyword} ${name}`]
      const connection = await (await relay(context, only)).login()
      const ran = await connection.exec('echo works', SOON())
      assert.is(ran.ok && (await text(ran.value.stream)), 'works\n', name)
      connection.destroy()
    }
  })
}

test('says goodbye, and cuts when there is no answer', async context => {
  const { login, sshd } = await relay(context)
  const polite = await login()
  await polite.end(SOON())
  assert.is(polite.closeCause(), 'this device closed the connection')
  const stopped = await login()
  for (const pid of await sshd.descendants()) signalProcess(pid, 'SIGSTOP')
  const startedMs = performance.now()
  await stopped.end(AbortSignal.timeout(200))
  assert.ok(performance.now() - startedMs < 2_000 && stopped.closed.aborted)
})

test.run()
