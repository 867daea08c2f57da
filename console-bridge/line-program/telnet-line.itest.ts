/** A console on `telnet://`: ser2net as the terminal server, the real bridge and the real OpenSSH client. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { systemClock } from '../../runtime/clock.ts'
import { freePort } from '../../testbed/free-port.ts'
import { ptyTarget } from '../../testbed/pty-target.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { bridgeOnLine, startSer2net } from '../testing/line-program.ts'
import { openTelnetLine } from './telnet-line.ts'

const test = suite('telnet line')
const SETTINGS = { baudRate: 9600, dataBits: 8, parity: 'none', stopBits: 1, flowControl: 'none' } as const

/** A server that does what a test tells it, and keeps what it received. */
async function tcpServer(context: TestContext, onConnect: (socket: Socket) => void = () => {}) {
  const sockets: Socket[] = []
  let bytes = Buffer.of()
  const server = createServer(socket => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', data => {
      bytes = Buffer.concat([bytes, data])
    })
    onConnect(socket)
  })
  const port = await freePort()
  await once(server.listen(port, '127.0.0.1'), 'listening')
  context.cleanup(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { port, sockets, received: () => bytes }
}

test('ser2net: types, reads, and sends BREAK to the wire', async context => {
  const directory = await scratchDirectory(context)
  const target = await ptyTarget(context, directory)
  const trace = join(directory, 'trace')
  const under = ['strace', '-D', '-f', '-o', trace, '-e', 'trace=ioctl']
  const { port } = await startSer2net(context, { accepter: 'telnet', device: target.path, under })
  const { untilOpen, attach, run } = await bridgeOnLine(context, `telnet://127.0.0.1:${port}`)
  await untilOpen()
  const alice = await attach('alice')
  assert.match(alice.output(), new RegExp(`console core-sw1 on telnet://127.0.0.1:${port}, speed of the server\\]`))
  alice.types('show clock\r')
  await target.hears(/^show clock\r$/)
  target.says('Router# \u00ff')
  await alice.says(/Router# /)
  const sent = await run('break')
  assert.is(sent.code, 0, sent.stderr)
  await waitFor('TIOCSBRK', async () => /TIOCSBRK|TCSBRK/.test(await readFile(trace, 'utf8')))
})

test('all bytes pass both ways, IAC and CR NUL among them', async context => {
  const target = await ptyTarget(context, await scratchDirectory(context))
  const { port } = await startSer2net(context, { accepter: 'telnet', device: target.path })
  let came = Buffer.of()
  const events = {
    onData: (bytes: Buffer) => {
      came = Buffer.concat([came, bytes])
    },
    onHeld: () => {},
    onClose: () => {},
    isBehind: () => false,
    caughtUp: async () => {},
  }
  const host = { name: 'localhost', port, addresses: ['127.0.0.1'] }
  const line = await openTelnetLine(host, SETTINGS, events, systemClock, context.signal)
  context.cleanup(() => line.close())
  let heard = Buffer.of()
  target.onHeard(text => {
    heard = Buffer.concat([heard, Buffer.from(text, 'latin1')])
  })
  const all = Buffer.from([...Array.from({ length: 256 }, (_, byte) => byte), 13, 0, 13, 10, 255, 255, 13, 13])
  // The server's options come first: until then it is taken for a plain service.
  const isTelnet = () =>
    line.setBreak(true).then(
      () => true,
      () => false,
    )
  await waitFor('telnet', isTelnet)
  assert.is(line.write(all), all.length)
  await waitFor('all bytes at the target', () => heard.equals(all))
  target.says(String.fromCharCode(...all.filter(byte => byte < 128)))
  await waitFor('the bytes of the target', () => came.equals(Buffer.from(all.filter(byte => byte < 128))))
})

test('says in words what telnet cannot do', async context => {
  const target = await ptyTarget(context, await scratchDirectory(context))
  const { port } = await startSer2net(context, { accepter: 'telnet', device: target.path })
  const { untilOpen, run } = await bridgeOnLine(context, `telnet://127.0.0.1:${port}`)
  await untilOpen()
  const speed = await run('set', 'speed', '115200')
  assert.is.not(speed.code, 0)
  assert.match(speed.stderr + speed.stdout, /telnet has no speed and framing: set them at 127\.0\.0\.1 port \d+/)
  const dtr = await run('set', 'dtr', 'off')
  assert.is.not(dtr.code, 0)
  assert.match(`${dtr.code} ${dtr.stderr} ${dtr.stdout}`, /telnet has no DTR and RTS/)
})

test('a plain TCP service gets data alone, and no BREAK command', async context => {
  const { port, sockets, received } = await tcpServer(context)
  const { untilOpen, attach, run } = await bridgeOnLine(context, `telnet://127.0.0.1:${port}`)
  await untilOpen()
  const alice = await attach('alice')
  alice.types('hello\r')
  await waitFor('the data', () => received().toString('latin1') === 'hello\r')
  sockets[0]?.write('login: ')
  await alice.says(/login: /)
  const sent = await run('break')
  assert.is.not(sent.code, 0)
  assert.match(sent.stderr + sent.stdout, /does not negotiate telnet/)
  assert.is(received().toString('latin1'), 'hello\r')
})

test('a server without BINARY gets CR NUL for a CR, and a CR NUL of its own is a CR (RFC 854)', async context => {
  const iac = 255
  const { port, sockets, received } = await tcpServer(context, socket => {
    // WILL ECHO; then no to BINARY, either way.
    socket.write(Buffer.from([iac, 251, 1, iac, 252, 0, iac, 254, 0]))
  })
  let came = Buffer.of()
  const events = {
    onData: (bytes: Buffer) => {
      came = Buffer.concat([came, bytes])
    },
    onHeld: () => {},
    onClose: () => {},
    isBehind: () => false,
    caughtUp: async () => {},
  }
  const host = { name: 'localhost', port, addresses: ['127.0.0.1'] }
  const line = await openTelnetLine(host, SETTINGS, events, systemClock, context.signal)
  context.cleanup(() => line.close())
  await waitFor('the client’s part', () => received().includes(Buffer.from([iac, 253, 1])))
  const negotiated = received().length
  line.write(Buffer.from('a\rb\r\n\u00ff\r', 'latin1'))
  const wire = Buffer.from('a\r\0b\r\n\u00ff\u00ff\r\0', 'latin1')
  await waitFor('the data', () => received().length >= negotiated + wire.length)
  assert.equal(received().subarray(negotiated), wire)
  sockets[0]?.write(Buffer.from('x\r\0y\r\nz\0', 'latin1'))
  await waitFor('its data', () => came.equals(Buffer.from('x\ry\r\nz\0', 'latin1')))
})

test('says why it is closed: refused, closed by the server, and open again', async context => {
  const port = await freePort()
  const { untilOpen, untilClosed, attach } = await bridgeOnLine(context, `telnet://127.0.0.1:${port}`)
  await untilClosed(/^127\.0\.0\.1 port \d+: the connection was refused/)
  const alice = await attach('alice')
  await alice.says(/the line has been closed since .*: 127\.0\.0\.1 port \d+: the connection was refused/)
  const server = createServer(socket => socket.on('error', () => {}))
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const first = once(server, 'connection') as Promise<[Socket]>
  context.cleanup(() => server.close())
  await untilOpen()
  const [socket] = await first
  socket.end()
  await untilClosed(/^the server closed the connection/)
  const [second] = (await once(server, 'connection')) as [Socket]
  await untilOpen()
  await alice.says(/the line is open/)
  second.destroy()
})

test('a server that asks for options without end, or floods, does not stop it', async context => {
  const iac = 255
  const { port, sockets } = await tcpServer(context, socket => {
    // Each answer is answered with the opposite: a loop, were it not for rule b of RFC 854.
    let verb = 253
    socket.on('data', () => {
      verb = verb === 253 ? 254 : 253
      socket.write(Buffer.from([iac, verb, 1, iac, verb, 24, iac, 250, 24, 1, iac, 240]))
    })
    socket.write(Buffer.from([iac, 253, 1, iac, 251, 1, iac, 253, 31]))
    socket.write(Buffer.from([iac, 250, 44, ...Array.from({ length: 100_000 }, () => 7)]))
    socket.write(Buffer.from([iac, 240]))
    socket.write('x'.repeat(2_000_000))
    socket.write('\r\nend of flood\r\n')
  })
  const { untilOpen, attach, program } = await bridgeOnLine(context, `telnet://127.0.0.1:${port}`)
  await untilOpen()
  const alice = await attach('alice')
  await alice.says(/end of flood/)
  assert.is(sockets.length, 1)
  assert.not(program.ended())
})

test.run()
