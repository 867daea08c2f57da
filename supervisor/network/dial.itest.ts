import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import * as assert from 'uvu/assert'
import { freePort } from '../../testbed/free-port.ts'
import { startProgram } from '../../testbed/run-program.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { createDialler, type Dialled, type DialOptions } from '../../transport/dial.ts'
import { pathOf } from '../../transport/path-of.ts'
import { dialLocal } from './dial-local.ts'

const test = suite('dial')
const GREETING = 'SSH-2.0-OpenSSH_9.2\r\n'
const TLS_ALERT = Buffer.from([0x15, 3, 3, 0, 2, 2, 70])

interface Listener {
  port: number
  /** Connections of which this end is still open. */
  open(): number
  /** All that ever came. */
  came(): number
}

async function listen(context: TestContext, server: Server, host = '127.0.0.1', port = 0): Promise<Listener> {
  const open = new Set<Socket>()
  let came = 0
  server.on('connection', (socket: Socket) => {
    came++
    open.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => open.delete(socket))
  })
  server.listen(port, host)
  await once(server, 'listening')
  context.cleanup(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return { port: (server.address() as { port: number }).port, open: () => open.size, came: () => came }
}

/** Does this with whoever connects. */
function serving(context: TestContext, serve: (socket: Socket) => void, host?: string, port?: number) {
  const server = createServer({ allowHalfOpen: true }, socket => {
    serve(socket)
    socket.on('end', () => socket.end()).resume()
  })
  return listen(context, server, host, port)
}

/** An address of which the kernel takes no more connections: their SYNs are dropped. */
async function full(context: TestContext, host: string, port: number): Promise<void> {
  const script = `const s = require('net').createServer().listen({ host: '${host}', port: ${port}, backlog: 1 }, () => console.log('listening'))`
  const program = startProgram(process.execPath, ['-e', script])
  context.cleanup(() => {
    process.kill(program.pid, 'SIGCONT')
    return program.stop()
  })
  await program.says(/listening/)
  process.kill(program.pid, 'SIGSTOP')
  const fillers = createDialler()
  for (let i = 0; i < 3; i++) void fillers.dial({ host, port, timeoutMs: 60_000, signal: context.signal })
  await waitFor('its queue to be full', async () => {
    const dialled = await createDialler().dial({ host, port, timeoutMs: 200, signal: context.signal })
    return !dialled.ok && dialled.failure.kind === 'no-answer'
  })
}

function dial(options: Partial<DialOptions> & { port: number }, lookup?: (host: string) => Promise<string[]>) {
  const dialler = createDialler(lookup ? { pathOf: () => ({ ...pathOf(undefined), lookup }) } : {})
  return dialler.dial({ host: '127.0.0.1', timeoutMs: 10_000, signal: new AbortController().signal, ...options })
}

function said(dialled: Dialled): string {
  if (!dialled.ok) return `${dialled.failure.kind}: ${dialled.failure.cause}`
  dialled.transport.stream.destroy()
  return `connected to ${dialled.transport.remoteAddress}`
}

const CASES: [name: string, serve: (socket: Socket) => void, ms: number, found: RegExp][] = [
  [
    'HTTP that speaks first',
    socket => socket.end('HTTP/1.1 302 Found\r\n\r\n'),
    5_000,
    /^not-ssh: .*not an SSH server: a captive portal or a proxy, it speaks HTTP/,
  ],
  [
    'a mail server',
    socket => socket.end('220 mail.example ESMTP\r\n'),
    5_000,
    /^not-ssh: .*not an SSH server: a captive portal or a proxy\?/,
  ],
  [
    'an sshd at its limit, OpenSSH 9',
    socket => socket.end('Exceeded MaxStartups\r\n'),
    5_000,
    /^turned-away: .*turned this connection away: too many/,
  ],
  [
    'an sshd at its limit that has not read what we said',
    socket => socket.pause().write('Exceeded MaxStartups\r\n', () => setTimeout(() => socket.resetAndDestroy(), 200)),
    5_000,
    /^turned-away: .*turned this connection away: too many/,
  ],
  [
    'an sshd at its limit, OpenSSH 10',
    socket => socket.end('Not allowed at this time\r\n'),
    5_000,
    /^turned-away: .*turned this connection away: too many/,
  ],
  ['somebody who hangs up', socket => socket.end(), 5_000, /^closed: .*closes the connection without an SSH greeting/],
  [
    'somebody who resets',
    socket => socket.resetAndDestroy(),
    5_000,
    /^closed: .*closes the connection without an SSH greeting/,
  ],
  ['silence', socket => socket.resume(), 400, /^silent: .*accepts the connection and then says nothing/],
  [
    'TLS, which waits to be spoken to',
    socket => socket.once('data', () => socket.end(TLS_ALERT)),
    5_000,
    /^not-ssh: .*it speaks TLS/,
  ],
  [
    'somebody who hangs up when spoken to',
    socket => socket.once('data', () => socket.end()),
    5_000,
    /^closed: .*closes the connection without an SSH greeting/,
  ],
  [
    'somebody who resets when spoken to',
    socket => socket.once('data', () => socket.resetAndDestroy()),
    5_000,
    /^closed: .*closes the connection without an SSH greeting/,
  ],
  ['an endless banner', socket => socket.write(`${'x'.repeat(99)}\r\n`.repeat(1_000)), 5_000, /^not-ssh: /],
]

for (const [name, serve, timeoutMs, found] of CASES) {
  test(`tells what it met, and leaves no connection: ${name}`, async context => {
    const server = await serving(context, serve)
    assert.match(said(await dial({ port: server.port, timeoutMs })), found)
    await waitFor('every connection to be closed', () => server.open() === 0)
  })
}

test('tells a web server, which waits to be spoken to', async context => {
  const { port } = await listen(context, createHttpServer())
  assert.match(said(await dial({ port })), /^not-ssh: .*it speaks HTTP/)
})

test('speaks first, under the name that it is given, so that whoever shares the port by the first byte need not wait', async context => {
  const heard: string[] = []
  const { port } = await serving(context, socket => {
    socket.once('data', () => socket.write(GREETING))
    socket.on('data', bytes => heard.push(String(bytes)))
  })
  const dialled = await dial({ port, ident: 'oobm_x' })
  assert.ok(dialled.ok)
  const { stream } = dialled.transport
  assert.equal(heard, ['SSH-2.0-oobm_x\r\n'])
  // As an SSH client does that takes the stream over.
  stream.write('SSH-2.0-oobm_x\r\n')
  stream.write('SSH-2.0-oobm_x\r\n')
  stream.end('more')
  await waitFor('all of it', () => heard.join('').endsWith('more'))
  assert.is(heard.join(''), 'SSH-2.0-oobm_x\r\nSSH-2.0-oobm_x\r\nmore', 'once more, and not twice')
})

test('tells a closed port, a name that does not exist, and a name server that is silent', async () => {
  const port = await freePort()
  assert.match(said(await dial({ port })), /^refused: 127\.0\.0\.1 refuses connections on port/)
  const missing = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
  assert.match(
    said(await dial({ host: 'relay.example', port }, () => Promise.reject(missing))),
    /^dns-missing: the name relay\.example does not exist, says the name server$/,
  )
  const never = () => new Promise<string[]>(() => {})
  assert.match(
    said(await dial({ host: 'relay.example', port, timeoutMs: 100 }, never)),
    /^dns-silent: the name relay\.example cannot be looked up: no name server answers$/,
  )
})

test('leaves the greeting in the socket, also one that comes in pieces after other lines', async context => {
  const { port } = await serving(context, async socket => {
    for (const byte of `welcome\r\n${GREETING}more`) {
      socket.write(byte)
      await new Promise(resolve => setTimeout(resolve, 2))
    }
  })
  const dialled = await dial({ port })
  assert.ok(dialled.ok)
  const { stream, interface: name, localAddress } = dialled.transport
  context.cleanup(() => stream.destroy())
  assert.equal([name, localAddress], ['lo', '127.0.0.1'])
  let text = ''
  stream.on('data', bytes => {
    text += bytes
  })
  stream.resume()
  await waitFor('all of it', () => text === `welcome\r\n${GREETING}more`)
})

test('takes the address that greets, not the one that accepts first, and closes the others', async context => {
  const mute = await serving(context, socket => socket.resume(), '127.0.0.2')
  const slow = await serving(context, socket => setTimeout(() => socket.write(GREETING), 700), '127.0.0.3', mute.port)
  const lookup = async () => ['127.0.0.2', '127.0.0.3', '127.0.0.4']
  const dialled = await dial({ host: 'relay.example', port: mute.port }, lookup)
  assert.is(said(dialled), 'connected to 127.0.0.3')
  await waitFor('every connection to be closed', () => mute.open() + slow.open() === 0)
  assert.is(mute.came(), 1)
})

test('a slow first address and a dead second one: the first is not given up for it', async context => {
  const slow = await serving(context, socket => setTimeout(() => socket.write(GREETING), 800), '127.0.0.2')
  await full(context, '127.0.0.3', slow.port)
  const lookup = async () => ['127.0.0.3', '127.0.0.2']
  for (const addresses of [lookup, async () => (await lookup()).reverse()]) {
    const dialled = await dial({ host: 'relay.example', port: slow.port, timeoutMs: 5_000 }, addresses)
    assert.is(said(dialled), 'connected to 127.0.0.2')
  }
})

test('says no-answer where nothing answers, within its own time for a connection', async context => {
  const port = await freePort()
  await full(context, '127.0.0.2', port)
  const startedMs = performance.now()
  const dialled = await dial({ host: '127.0.0.2', port, timeoutMs: 60_000, synMs: 300 })
  assert.match(said(dialled), /^no-answer: 127\.0\.0\.2:\d+ does not answer: port \d+ may be blocked/)
  assert.ok(performance.now() - startedMs < 5_000)
})

test('goes back to the last good address when names fail, and says both things when that fails too', async context => {
  const answers: (() => Promise<string[]>)[] = []
  const dialler = createDialler({
    pathOf: () => ({ ...pathOf(undefined), lookup: () => (answers.shift() as () => Promise<string[]>)() }),
  })
  let serve = (socket: Socket) => void socket.write(GREETING)
  const { port } = await serving(context, socket => serve(socket), '127.0.0.2')
  const again = (answer: () => Promise<string[]>, timeoutMs = 5_000) => {
    answers.push(answer)
    return dialler.dial({ host: 'relay.example', port, timeoutMs, signal: context.signal })
  }
  const lost = () => Promise.reject(Object.assign(new Error('EAI_AGAIN'), { code: 'EAI_AGAIN' }))
  let answer: (addresses: string[]) => void = () => {}
  const never = () =>
    new Promise<string[]>(resolve => {
      answer = resolve
    })
  assert.is(said(await again(async () => ['127.0.0.2'])), 'connected to 127.0.0.2')
  const recovered = await again(lost)
  assert.match((recovered.ok && recovered.transport.warning) || '', /cannot be looked up/)
  assert.is(said(recovered), 'connected to 127.0.0.2')
  assert.is(said(await again(async () => ['127.0.0.9'])), 'connected to 127.0.0.2', 'wrong name server')
  assert.is(said(await again(never)), 'connected to 127.0.0.2', 'silent name server')
  answer([])
  await new Promise(resolve => setImmediate(resolve))
  serve = socket => void socket.end()
  assert.match(
    said(await again(lost)),
    /^dns-silent: the name relay\.example cannot be looked up: .*; its last address 127\.0\.0\.2:\d+ closes the connection/,
  )
})

test('never has more than one lookup in the works, and shares it', async () => {
  const asked: string[] = []
  const answers = new Map<string, (addresses: string[]) => void>()
  const dialler = createDialler({
    pathOf: () => ({
      ...pathOf(undefined),
      lookup: host => {
        asked.push(host)
        return new Promise(resolve => answers.set(host, resolve))
      },
    }),
  })
  const port = await freePort()
  const ask = (host: string, timeoutMs: number) =>
    dialler.dial({ host, port, timeoutMs, signal: new AbortController().signal }).then(said)
  const [first, same, other] = [ask('a.example', 300), ask('a.example', 300), ask('b.example', 100)]
  assert.match(await other, /^dns-silent: the name b\.example/)
  assert.match(await first, /^dns-silent/)
  assert.match(await same, /^dns-silent/)
  const late = ask('b.example', 5_000)
  assert.equal(asked, ['a.example'])
  answers.get('a.example')?.([])
  await waitFor('the second lookup', () => answers.has('b.example'))
  answers.get('b.example')?.(['127.0.0.1'])
  assert.match(await late, /^refused: /)
  assert.equal(asked, ['a.example', 'b.example'])
})

test('settles when it is aborted, also when it was before, and leaves no connection', async context => {
  const server = await serving(context, socket => socket.resume())
  assert.not((await dial({ port: server.port, signal: AbortSignal.abort() })).ok)
  assert.is(server.came(), 0)
  const startedMs = performance.now()
  assert.not((await dial({ port: server.port, signal: AbortSignal.timeout(100) })).ok)
  assert.ok(performance.now() - startedMs < 2_000)
  await waitFor('every connection to be closed', () => server.open() === 0)
})

test('a local port: the socket, or why there is none', async context => {
  const { port } = await serving(context, socket => socket.write(GREETING))
  const made = await dialLocal(port, context.signal)
  assert.ok(made.ok)
  const [bytes] = await once(made.value, 'data')
  assert.is(String(bytes), GREETING)
  made.value.destroy()
  assert.equal(await dialLocal(await freePort(), context.signal), { ok: false, cause: 'nothing listens there' })
  assert.equal(await dialLocal(port, AbortSignal.abort()), { ok: false, cause: 'no answer in time' })
})

test.run()
