import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { Duplex } from 'node:stream'
import * as assert from 'uvu/assert'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite, type TestContext } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { openTcpStream } from '../../../transport/tcp-stream.ts'
import { makeCertificate } from '../../../transport/testing/gateways.ts'
import { askApi } from './ask-api.ts'

const test = suite('ask-api')

/** A web server with TLS, whose certificate nobody knows. */
async function api(context: TestContext, serve: RequestListener) {
  const pem = await readFile(await makeCertificate(await scratchDirectory(context), 'Hotel'))
  const server = createServer({ key: pem, cert: pem }, serve)
  const open = new Set<Duplex>()
  server.on('connection', socket => open.add(socket.once('close', () => open.delete(socket))))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.cleanup(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  const { port } = server.address() as { port: number }
  const lookup = async (name: string) => (name === 'portal.example' ? ['127.0.0.1'] : [])
  return {
    ask: (host = '127.0.0.1', ms = 20_000) =>
      askApi({ open: openTcpStream, lookup }, new URL(`https://${host}:${port}/api?x=1`), AbortSignal.timeout(ms)),
    isQuiet: () => waitFor('its connections to be closed', () => open.size === 0),
  }
}

const CAPTIVE = JSON.stringify({ captive: true, 'user-portal-url': 'https://portal.example/login' })

test('asks for its answer by its name or address, and says where the page is', async context => {
  const asked: unknown[] = []
  const there = await api(context, ({ url, headers: { host, accept } }, response) => {
    asked.push([url, host?.replace(/:\d+$/, ''), accept])
    response.end(CAPTIVE)
  })
  assert.is(await there.ask(), 'https://portal.example/login')
  assert.is(await there.ask('portal.example'), 'https://portal.example/login')
  assert.equal(asked, [
    ['/api?x=1', '127.0.0.1', 'application/captive+json'],
    ['/api?x=1', 'portal.example', 'application/captive+json'],
  ])
  assert.is(await there.ask('other.example'), undefined)
  await there.isQuiet()
})

test('nobody is in the way where it says no, something else, too much, or nothing', async context => {
  for (const serve of [
    (_, response) => response.end(JSON.stringify({ captive: false })),
    (_, response) => response.writeHead(404).end(CAPTIVE),
    (_, response) => response.writeHead(302, { location: 'https://portal.example/' }).end(),
    (_, response) => response.end(`${CAPTIVE}${' '.repeat(100_000)}`),
    (_, response) => response.writeHead(200, { 'x-long': 'x'.repeat(15_000) }).end(CAPTIVE),
    ({ socket }) => socket.destroy(),
    (_, response) => response.write(CAPTIVE),
    () => {},
  ] satisfies RequestListener[]) {
    const there = await api(context, serve)
    assert.is(await there.ask('127.0.0.1', 3_000), undefined, String(serve))
    await there.isQuiet()
  }
})

test.run()
