import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import * as assert from 'uvu/assert'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { createDialler } from '../dial.ts'

const test = suite('hostile proxy')

/** Milliseconds for the whole try: what a proxy does within them is its matter, what it does beyond them is not. */
const TRY_MS = 1_500

/** What a proxy answers each request with, and what becomes of the device's try. */
const CASES: [name: string, serve: (socket: Socket) => void, cause: RegExp, requests: number][] = [
  [
    'headers without end',
    socket => drip(socket, 'HTTP/1.1 200 OK\r\n', `X: ${'x'.repeat(900)}\r\n`, 0),
    /its answer is not understood: HPE_HEADER_OVERFLOW$/,
    1,
  ],
  [
    'a header that comes byte by byte',
    socket => drip(socket, 'HTTP/1.1 200 OK\r\nX: ', 'x', 50),
    /it does not answer$/,
    1,
  ],
  ['silence', () => {}, /it does not answer$/, 1],
  ['an end at once', socket => socket.end(), /opens no way to relay\.test:443: /, 1],
  ['a reset', socket => socket.resetAndDestroy(), /opens no way to relay\.test:443: /, 1],
  ['no HTTP', socket => socket.end('220 mail.test ESMTP\r\n'), /its answer is not understood: HPE_/, 1],
  [
    'another address',
    socket => socket.end('HTTP/1.1 302 Found\r\nLocation: http://evil\u001b[2J.test/\r\n\r\n'),
    /it answers with another address, http:\/\/evil\?\[2J\.test\/$|not understood/,
    1,
  ],
  [
    '403 and a page without end',
    socket => drip(socket, 'HTTP/1.1 403 No\r\n\r\n', 'x'.repeat(9_000), 0),
    /it answers 403 No$/,
    1,
  ],
  [
    '100 Continue for ever',
    socket => drip(socket, '', 'HTTP/1.1 100 Continue\r\n\r\n', 0),
    /it answers 100 Continue$/,
    1,
  ],
  [
    '407 again and again',
    socket => socket.end('HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n'),
    /it does not accept the login oobm$/,
    2,
  ],
  [
    '407 with a nonce that is always stale',
    socket => socket.end('HTTP/1.1 407 Login\r\nProxy-Authenticate: Digest realm="x", nonce="y", stale=true\r\n\r\n'),
    /it asks for a login again and again$/,
    3,
  ],
  [
    '407 with a nonce that breaks a header',
    socket => socket.end('HTTP/1.1 407 Login\r\nProxy-Authenticate: Digest realm="x", nonce="\u0100\u0007y"\r\n\r\n'),
    /opens no way|not understood|does not accept/,
    1,
  ],
  [
    'a way that leads to silence',
    socket => void socket.write('HTTP/1.1 200 OK\r\n\r\n'),
    /the TLS handshake with relay\.test:443 fails: it does not answer$/,
    1,
  ],
  [
    'a way that leads to garbage',
    socket => void socket.write(`HTTP/1.1 200 OK\r\n\r\n${'garbage '.repeat(999)}`),
    /relay\.test:443 does not speak TLS|TLS handshake/,
    1,
  ],
]

/** Writes a beginning, then a piece every so many milliseconds, as long as it is read. */
function drip(socket: Socket, first: string, piece: string, paceMs: number): void {
  socket.write(first)
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer)
    else if (!socket.writableNeedDrain) socket.write(piece)
  }, paceMs)
}

async function proxy(context: TestContext, serve: (socket: Socket) => void) {
  const open = new Set<Socket>()
  let requests = 0
  const server = createServer(socket => {
    open.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => open.delete(socket))
    socket.once('data', () => {
      requests++
      serve(socket)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.cleanup(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return { port: (server.address() as { port: number }).port, open: () => open.size, requests: () => requests }
}

for (const [name, serve, cause, requests] of CASES) {
  test(`is found out in time, and leaves no connection: ${name}`, async context => {
    const there = await proxy(context, serve)
    const login = { user: 'oobm', password: 'secret' }
    const { dial } = createDialler({ proxyFor: () => ({ host: '127.0.0.1', port: there.port, ...login }) })
    const startedMs = performance.now()
    const relay = { host: 'relay.test', port: 443, via: { rung: 'proxy' as const } }
    const dialled = await dial({ ...relay, timeoutMs: TRY_MS, signal: context.signal })
    assert.match(dialled.ok ? 'greeted' : dialled.failure.cause, cause)
    assert.ok(performance.now() - startedMs < TRY_MS * 10)
    assert.is(there.requests(), requests)
    await waitFor('every connection to be closed', () => there.open() === 0)
  })
}

test.run()
