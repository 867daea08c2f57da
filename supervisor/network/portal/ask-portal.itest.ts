import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import * as assert from 'uvu/assert'
import { suite, type TestContext } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { openTcpStream } from '../../../transport/tcp-stream.ts'
import { askPortal } from './ask-portal.ts'

const test = suite('ask-portal')

/** What answers at port 80, and how many connections to it are open. */
async function portal(context: TestContext, serve: (socket: Socket) => void) {
  const open = new Set<Socket>()
  const server = createServer(socket => {
    open.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => open.delete(socket))
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.cleanup(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  const { port } = server.address() as { port: number }
  const path = { open: (target: object) => openTcpStream({ ...target, address: '127.0.0.1', port } as never) }
  return {
    ask: (host = '192.0.2.1', ms = 20_000, lookup = async () => ['127.0.0.1']) =>
      askPortal({ ...path, lookup }, host, AbortSignal.timeout(ms)),
    isQuiet: () => waitFor('its connections to be closed', () => open.size === 0),
  }
}

const answering = (text: string) => (socket: Socket) => void socket.once('data', () => socket.end(text))
const redirect = (location: string) => `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`

test('asks for the root of the relay, by its name, and says where the answer leads', async context => {
  let asked = ''
  const there = await portal(context, socket => {
    socket.once('data', bytes => {
      asked = String(bytes)
      socket.end(redirect('http://portal.example/login'))
    })
  })
  assert.is(await there.ask('relay.example'), 'http://portal.example/login')
  assert.match(asked, /^GET \/ HTTP\/1\.1\r\n/)
  assert.match(asked, /\r\nhost: relay\.example\r\n/i)
  await there.isQuiet()
  assert.is(await there.ask('relay.example', 20_000, () => Promise.reject(new Error('ENOTFOUND'))), undefined)
})

test('what is no redirect leads nowhere, and nothing of it is kept open', async context => {
  for (const text of [
    '',
    'SSH-2.0-x\r\n',
    'HTTP/1.1 200 OK\r\n\r\nhello',
    '\0'.repeat(100_000),
    redirect('\u001b[2J'),
  ]) {
    const there = await portal(context, answering(text))
    assert.is(await there.ask(), undefined, text.slice(0, 20))
    await there.isQuiet()
  }
})

test('a head or a body without an end is not read to its end', async context => {
  const flood = (head: string, piece: string) => (socket: Socket) => {
    socket.write(head)
    const more = () => {
      while (!socket.destroyed && socket.write(piece));
    }
    socket.on('drain', more)
    more()
  }
  const header = await portal(context, flood('HTTP/1.1 302 Found\r\n', `x: ${'y'.repeat(60_000)}\r\n`))
  assert.is(await header.ask(), undefined)
  await header.isQuiet()
  const head = 'HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\n\r\n'
  const body = await portal(context, flood(head, 'z'.repeat(60_000)))
  assert.is(await body.ask(), 'http://portal.example/')
  await body.isQuiet()
})

test('silence, and interim answers without an end, have a deadline', async context => {
  const silent = await portal(context, socket => socket.resume())
  assert.is(await silent.ask(undefined, 300), undefined)
  await silent.isQuiet()
  const interim = await portal(context, socket => {
    const timer = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 5)
    socket.once('close', () => clearInterval(timer))
  })
  assert.is(await interim.ask(undefined, 500), undefined)
  await interim.isQuiet()
})

test.run()
