import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { makeKey } from '../../testbed/make-key.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { connect } from './connect.ts'
import type { Arrival, Connection } from './connection.ts'
import { hostileServer, MESSAGE } from './testing/hostile-server.ts'

const test = suite('hostile relay')
const SOON = () => AbortSignal.timeout(20_000)
const MIB = 1024 * 1024

/** The longest time in which no timer could run. */
function watchTimers(context: TestContext): () => number {
  let last = performance.now()
  let longest = 0
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 5)
  context.cleanup(() => clearInterval(timer))
  return () => longest
}

/** Sends in turns, so that server and victim both run in this process, until it is told enough or the victim is gone. */
async function flood(times: number, send: (i: number) => boolean): Promise<number> {
  let sent = 0
  for (; sent < times && send(sent); sent++) if (sent % 500 === 0) await turn()
  return sent
}

async function ended(connection: Connection): Promise<string> {
  await waitFor('the connection to be cut', () => connection.closed.aborted)
  return connection.closeCause()
}

test('a server that offers compression alone is not spoken to', async context => {
  const zlib = { algorithms: { compress: ['zlib', 'zlib@openssh.com'] } } as never
  const made = await connect(await (await hostileServer(context, { config: zlib })).options())
  assert.is(made.ok ? 'none' : made.fault.kind, 'algorithms')
})

test('questions about the login without end are cut, each costs a signature', async context => {
  const { options } = await hostileServer(context, {
    authenticate: (_auth, victim) => {
      for (let i = 0; i < 10_000; i++) victim.send(MESSAGE.pkOk, 'ssh-ed25519', 'key')
    },
  })
  const { privateKey } = await makeKey(await scratchDirectory(context), 'key')
  const prompts = await connect(await options({ credentials: { privateKey } }))
  assert.equal(prompts.ok || prompts.fault, { kind: 'not-ssh', detail: 'it asks for the login again and again' })
})

test('what the other end says is printable, whatever it says', async context => {
  const { login, options } = await hostileServer(context)
  const { connection, send } = await login()
  send(MESSAGE.disconnect, 2, '\x1b[2Jgo away\x07\n\u202e', '')
  assert.is(await ended(connection), 'the other end closed the connection: ?[2Jgo away???')
  const greeting = createServer(socket => socket.on('error', () => {}).end('SSH-2.0-\x1b[2J\r\n\x1b]0;x\x07\0\0\0'))
  greeting.listen(0, '127.0.0.1')
  await once(greeting, 'listening')
  context.cleanup(() => greeting.close())
  const { connect: dial } = await import('node:net')
  const made = await connect(
    await options({ stream: dial((greeting.address() as { port: number }).port, '127.0.0.1') }),
  )
  assert.not(made.ok)
  assert.ok(!made.ok && /^[\x20-\x7e…]*$/.test(made.fault.detail), JSON.stringify(made))
})

test('data beyond the window of a channel are not kept: it is cut', async context => {
  const { login } = await hostileServer(context)
  const { connection, send, server } = await login()
  server.on('tcpip', accept => accept())
  const opened = await connection.open(22, SOON())
  assert.ok(opened.ok)
  // Nobody reads.
  opened.value.pause()
  const sent = await flood(1_000, () => send(MESSAGE.data, 0, Buffer.alloc(32_000)))
  assert.match(await ended(connection), /more than the window/)
  const { receivedBytes } = connection.activity()
  assert.ok(sent * 32_000 > 8 * MIB && receivedBytes < 5 * MIB, `${receivedBytes} bytes were taken`)
})

test('an error in a channel that nobody has got yet does not end the process', async context => {
  const { login } = await hostileServer(context)
  const { connection, send, server } = await login()
  let isAsked = false
  const { _handlers } = (server as unknown as { _protocol: { _handlers: Record<string, () => void> } })._protocol
  _handlers.CHANNEL_REQUEST = () => {
    isAsked = true
  }
  const asked = connection.exec('x', AbortSignal.timeout(500))
  await waitFor('the command to be asked for', () => isAsked)
  send(MESSAGE.eof, 0)
  send(MESSAGE.data, 0, 'after the end')
  send(MESSAGE.extendedData, 0, 1, 'after the end')
  assert.not((await asked).ok)
  assert.ok(typeof (await connection.ping(SOON())) === 'number')
})

test('questions whose answers it does not read: it is cut, and little is kept', async context => {
  const { login } = await hostileServer(context)
  const { connection, socket, ...victim } = await login()
  socket.pause()
  let most = 0
  const sent = await flood(3_000_000, () => {
    most = Math.max(most, connection.activity().unsentBytes)
    return !connection.closed.aborted && victim.send(MESSAGE.globalRequest, 'keepalive@openssh.com', true)
  })
  assert.match(await ended(connection), /asks and does not read/)
  assert.ok(most < 2 * MIB, `${most} bytes kept after ${sent} questions`)
})

test('a huge window and no reading: a writer is held back', async context => {
  const { login } = await hostileServer(context)
  const { connection, server, socket, send } = await login()
  server.on('tcpip', accept => accept())
  const opened = await connection.open(22, SOON())
  assert.ok(opened.ok)
  send(MESSAGE.windowAdjust, 0, 0x7fffffff)
  await connection.ping(SOON())
  socket.pause()
  let written = 0
  while (opened.value.write(Buffer.alloc(64 * 1024)) || (await canGoOn(opened.value))) written += 64 * 1024
  assert.ok(written < 32 * MIB, `${written} bytes were taken`)
  assert.ok(connection.activity().unsentBytes < MIB, `${connection.activity().unsentBytes} bytes are kept`)
  socket.resume()
  await once(opened.value, 'drain')
})

async function canGoOn(stream: NodeJS.EventEmitter): Promise<boolean> {
  return once(stream, 'drain', { signal: AbortSignal.timeout(500) }).then(
    () => true,
    () => false,
  )
}

test('a key exchange that never ends holds writers back, and calls settle', async context => {
  const { login } = await hostileServer(context)
  const { connection, server, send } = await login()
  server.on('tcpip', accept => accept())
  const opened = await connection.open(22, SOON())
  assert.ok(opened.ok)
  send(
    (server as unknown as { _protocol: { _offer: { serialize?: unknown }; _kexinit: unknown } })._protocol && kexInit(),
  )
  await turn()
  await turn()
  let written = 0
  while (opened.value.write(Buffer.alloc(64 * 1024)) || (await canGoOn(opened.value))) written += 64 * 1024
  assert.ok(written < MIB, `${written} bytes were taken`)
  assert.is(await connection.ping(AbortSignal.timeout(100)), undefined)
})

/** RFC 4253, section 7.1. */
function kexInit(): Buffer {
  const lists = ['curve25519-sha256', 'ecdsa-sha2-nistp256', ...Array(2).fill('aes128-gcm@openssh.com')]
  const rest = [...Array(2).fill('hmac-sha2-256'), 'none', 'none', '', '']
  const strings = [...lists, ...rest].map(list => {
    const head = Buffer.alloc(4)
    head.writeUInt32BE(list.length)
    return Buffer.concat([head, Buffer.from(list)])
  })
  return Buffer.concat([Buffer.from([MESSAGE.kexInit]), Buffer.alloc(16), ...strings, Buffer.alloc(5)])
}

test('visitors without end: some are let in, timers go on, and the rest is turned away', async context => {
  const { login } = await hostileServer(context)
  const { connection, send } = await login()
  const arrivals: Arrival[] = []
  connection.onArrival(arrival => arrivals.push(arrival))
  assert.is(await connection.listen(2217, SOON()), 'granted')
  const longest = watchTimers(context)
  const sent = await flood(20_000, i =>
    send(MESSAGE.channelOpen, 'forwarded-tcpip', i, 2 * MIB, 32_768, '127.0.0.1', 2217, '10.0.0.1', 1),
  )
  assert.ok(typeof (await connection.ping(SOON())) === 'number')
  assert.is(sent, 20_000)
  assert.is(arrivals.length, 1_000)
  assert.ok(longest() < 1_000, `no timer ran for ${longest()} ms`)
  for (const arrival of arrivals) arrival.reject()
  send(MESSAGE.channelOpen, 'forwarded-tcpip', 1, 2 * MIB, 32_768, '127.0.0.1', 2217, '10.0.0.1', 1)
  await waitFor('the next visitor', () => arrivals.length === 1_001)
})

test('visitors whose servers do not read keep some memory together, and not their windows', async context => {
  const { login } = await hostileServer(context)
  const { connection, send } = await login()
  const visitors: Duplex[] = []
  connection.onArrival(arrival => visitors.push(arrival.accept().pause()))
  assert.is(await connection.listen(2217, SOON()), 'granted')
  for (let i = 0; i < 30; i++) {
    send(MESSAGE.channelOpen, 'forwarded-tcpip', i, 2 * MIB, 32_768, '127.0.0.1', 2217, '10.0.0.1', 1)
  }
  await waitFor('all to be there', () => visitors.length === 30)
  // The first one is a person who pastes, the others fill their windows.
  send(MESSAGE.data, 0, Buffer.alloc(32_000))
  for (let visitor = 1; visitor < 30; visitor++) {
    await flood(60, () => send(MESSAGE.data, visitor, Buffer.alloc(32_000)))
  }
  await waitFor('the first ones to be closed', () => visitors.filter(({ destroyed }) => destroyed).length >= 12)
  await connection.ping(SOON())
  assert.is(visitors.filter(({ destroyed }) => destroyed).length, 12)
  assert.not(visitors[0]?.destroyed)
})

test('small packets without end do not starve what else waits', async context => {
  const { login } = await hostileServer(context)
  const { connection, stream, send } = await login()
  // All of it is in the kernel's buffers at once, as from a relay that is faster than this device.
  stream.pause()
  for (let i = 0; i < 60_000; i++) send(MESSAGE.ignore, '')
  await waitFor('the kernel to have it', () => stream.readableLength > 0)
  let most = 0
  let inTurn = 0
  stream.on('data', bytes => {
    inTurn += bytes.length
    most = Math.max(most, inTurn)
  })
  const pinged = connection.ping(SOON())
  stream.resume()
  while (!(await Promise.race([pinged, turn(0)]))) inTurn = 0
  // libuv reads up to 32 times 64 KiB from one socket before it looks at anything else.
  assert.ok(most > 32_000 && most < 600_000, `${most} bytes in one turn of the event loop`)
})

test('an endless output that nobody wants any more, and standard error, keep nothing', async context => {
  const { login } = await hostileServer(context)
  const { connection, send, server } = await login()
  server.on('tcpip', accept => accept())
  const opened = await connection.open(22, SOON())
  assert.ok(opened.ok)
  opened.value.destroy()
  for (let i = 0; i < 60; i++) send(MESSAGE.data, 0, Buffer.alloc(32_000))
  assert.ok(typeof (await connection.ping(SOON())) === 'number')
})

test('any message at any time: the process lives, and every call settles', async context => {
  const seed = Number(process.env.SEED ?? 7)
  const random = randomFrom(seed)
  const { login } = await hostileServer(context)
  for (let round = 0; round < 60; round++) {
    const { connection, send } = await login()
    connection.onArrival(arrival => arrival.accept().resume())
    const signal = AbortSignal.timeout(2_000)
    const calls = [
      connection.exec('x', signal),
      connection.open(22, signal),
      connection.listen(7, signal),
      connection.ping(signal),
    ]
    await flood(40, () => send(anyMessage(random)))
    if (!connection.closed.aborted) send(MESSAGE.disconnect, 11, '', '')
    await Promise.all(calls)
    await ended(connection)
  }
})

test('any bytes in place of a greeting, and after it: a fault, and nothing is left', async context => {
  const random = randomFrom(11)
  const { options } = await hostileServer(context)
  let bytes = Buffer.alloc(0)
  const server = createServer(socket => socket.on('error', () => {}).end(bytes)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.cleanup(() => server.close())
  const { connect: dial } = await import('node:net')
  for (let round = 0; round < 60; round++) {
    const noise = Buffer.from(Array.from({ length: random(200) }, () => random(256)))
    bytes = round % 2 === 0 ? noise : Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), noise])
    const stream = dial((server.address() as { port: number }).port, '127.0.0.1')
    const made = await connect(await options({ stream }))
    assert.ok(!made.ok && ['closed', 'not-ssh', 'algorithms'].includes(made.fault.kind), JSON.stringify(made))
    assert.ok(stream.destroyed)
  }
})

/** A message of a known kind with fields that may be right, wrong, cut off or endless. */
function anyMessage(random: (below: number) => number): Buffer {
  const types = [
    ...Object.values(MESSAGE).filter(type => type !== MESSAGE.disconnect),
    3,
    4,
    5,
    6,
    7,
    21,
    30,
    31,
    50,
    51,
    52,
    61,
    81,
    82,
    92,
    100,
    200,
  ]
  const fields = Array.from({ length: random(6) }, () => {
    const head = Buffer.alloc(4)
    head.writeUInt32BE(random(8) === 0 ? 0xffffffff : random(6))
    return random(3) === 0
      ? Buffer.concat([head, Buffer.from(['forwarded-tcpip', 'x', 'exit-status'][random(3)] as string)])
      : head
  })
  return Buffer.concat([Buffer.from([types[random(types.length)] as number]), ...fields])
}

/** The same numbers again for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

test.run()
