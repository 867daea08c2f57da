/** Asks real HTTP servers, honest and hostile, over a real interface. */
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type Server } from 'node:net'
import * as assert from 'uvu/assert'
import { systemClock as clock } from '../../runtime/clock.ts'
import { childrenOf } from '../../testbed/left-behind.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { pathOf } from '../../transport/path-of.ts'
import { getUserdata } from './get-userdata.ts'
import { readUserdata, USERDATA_MAX_BYTES } from './read-userdata.ts'

const test = suite('get-userdata')

const BODY = '{"ops": {"HostName": "relay2.example.net", "RemotePort": 20100}}'

/** The program that binds a connection to an interface. */
const socats = () => childrenOf(process.pid).filter(({ pid }) => nameOf(pid) === 'socat').length

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}

async function listen(context: TestContext, server: Server): Promise<number> {
  const sockets = new Set<{ destroy(): unknown }>()
  server.on('connection', socket => sockets.add(socket))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.cleanup(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise(resolve => server.close(resolve))
  })
  return (server.address() as { port: number }).port
}

const get = (context: TestContext, port: number, path = '/v1/userdata', limitMs = 20_000, name = 'lo') =>
  getUserdata(
    { url: `http://127.0.0.1:${port}${path}`, interface: name },
    { pathOf, clock, signal: context.signal, limitMs },
  )

test('gets the body over the interface, and leaves no process', async context => {
  const asked: unknown[] = []
  const port = await listen(
    context,
    createServer(({ url, headers }, response) => {
      asked.push([url, headers.host])
      response.end(`\uFEFF${BODY}`)
    }),
  )
  const got = await get(context, port, '/v1/userdata?x=1')
  assert.ok(got.ok && readUserdata(got.text).ok)
  assert.equal(asked, [['/v1/userdata?x=1', `127.0.0.1:${port}`]])
  await waitFor('socat to be gone', () => socats() === 0)
})

test('a hostile server: every answer is bounded, and its cause is said', async context => {
  const flood = Buffer.alloc(65_536, '[')
  const listener: RequestListener = (request, response) => {
    response.on('error', () => {})
    const answers: Record<string, () => unknown> = {
      '/endless': () => {
        const more = () => !response.destroyed && response.write(flood, () => setImmediate(more))
        more()
      },
      '/giga': () => response.writeHead(200, { 'content-length': 100_000_000 }).write('x'),
      '/short': () => {
        response.writeHead(200, { 'content-length': 1_000 }).write(BODY, () => response.destroy())
      },
      '/chunks': () => response.write(BODY, () => response.destroy()),
      '/silent': () => {},
      '/slow': () => {
        const timer = setInterval(() => response.write(' '), 20)
        response.on('close', () => clearInterval(timer))
      },
      '/portal': () => response.writeHead(302, { location: 'http://portal.example.net/x' }).end(),
      '/self': () => response.writeHead(307, { location: `http://${request.headers.host}/` }).end(BODY),
      '/page': () => response.writeHead(200, { 'content-type': 'text/html' }).end(' \n<!DOCTYPE html><title>Login'),
      '/none': () => response.writeHead(404).end('Not Found'),
      '/broken': () => response.writeHead(500).end(BODY),
      '/latin': () => response.end(Buffer.from([0x7b, 0xe9, 0x7d])),
      '/gzip': () => response.writeHead(200, { 'content-encoding': 'gzip' }).end(Buffer.from([0x1f, 0x8b, 8, 0])),
      '/heads': () => {
        response.socket?.write(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(10_000)}`)
      },
    }
    answers[request.url ?? '']?.()
  }
  const port = await listen(context, createServer(listener))
  const cases: [string, RegExp][] = [
    ['/endless', /larger than 65536 bytes/],
    ['/giga', /larger than 65536 bytes/],
    ['/short', /cut short/],
    ['/chunks', /cut short/],
    ['/silent', /did not come within 1.5 s/],
    ['/slow', /did not come within 1.5 s/],
    ['/portal', /redirects to http:\/\/portal\.example\.net\/x, which is not followed: a login page/],
    ['/self', /redirects to .*not followed/],
    ['/page', /a page came in its place \(text\/html\): a login page/],
    ['/none', /404: it has no userdata for this SIM/],
    ['/broken', /answers 500/],
    ['/latin', /no UTF-8/],
    ['/gzip', /no UTF-8/],
    ['/heads', /not understood/],
  ]
  for (const [path, pattern] of cases) {
    const isTimed = path === '/silent' || path === '/slow'
    const got = await get(context, port, path, isTimed ? 1_500 : 30_000)
    assert.match(got.ok ? `it was taken: ${got.text.length}` : got.cause, pattern, path)
  }
  assert.ok(USERDATA_MAX_BYTES === 65_536)
})

test('what is no HTTP, refuses, or cannot be reached over the interface is said as that', async context => {
  const ssh = await listen(
    context,
    createTcpServer(socket => void socket.on('error', () => {}).end('SSH-2.0-x\r\n')),
  )
  const mute = await listen(
    context,
    createTcpServer(socket => void socket.on('error', () => {}).destroy()),
  )
  const causes = [
    [await get(context, ssh), /not understood, or cut short/],
    [await get(context, mute), /closes the connection|cut short|not understood/],
    [await get(context, 1), /refuses connections/],
    [await get(context, ssh, '/', 20_000, 'nosuch0'), /cannot be reached over this interface/],
  ] as const
  for (const [got, pattern] of causes) assert.match(got.ok ? 'it was taken' : got.cause, pattern)
  const aborted = AbortSignal.abort()
  const got = await getUserdata(
    { url: `http://127.0.0.1:${ssh}/`, interface: 'lo' },
    { pathOf, clock, signal: aborted },
  )
  assert.not(got.ok)
  await waitFor('socat to be gone', () => socats() === 0)
})

test.run()
