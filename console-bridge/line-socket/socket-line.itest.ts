/** Both ends of the socket between the console bridge and a line program, with a line in memory behind it. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { consoleSchema } from '../../formats/console-settings.ts'
import type { ConsoleConfig } from '../../formats/device-config.ts'
import { systemClock } from '../../runtime/clock.ts'
import { UserError } from '../../runtime/errors.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import type { Line, LineEvents } from '../line/line.ts'
import { type FakeLine, fakeLine } from '../testing/fake-line.ts'
import { dataFrames, messageFrame } from './frames.ts'
import { WINDOW_BYTES } from './messages.ts'
import { type Served, type ServedEvents, serveLine } from './serve-line.ts'
import { openSocketLine } from './socket-line.ts'

const test = suite('line socket')
const CONSOLE: ConsoleConfig = consoleSchema.parse({ name: 'core-sw1', path: 'telnet://192.0.2.7:23' })

/** A program that serves this line, or what `open` gives. */
async function program(context: TestContext, open: () => Promise<Line>, clock = systemClock) {
  const directory = await scratchDirectory(context)
  const ended: Served[] = []
  let events: ServedEvents | undefined
  const server = createServer(socket => {
    const opened = serveLine(socket, {
      open: async (_, given) => {
        events = given
        return open()
      },
      clock,
      signal: context.signal,
    })
    void opened.then(served => ended.push(served))
  })
  const path = join(directory, CONSOLE.name)
  await once(server.listen(path), 'listening')
  context.cleanup(() => server.close())
  return { directory, path, ended, target: () => events as ServedEvents }
}

interface Heard extends LineEvents {
  data: string
  held: boolean[]
  closed: string[]
}

function heard(): Heard {
  const got: Heard = {
    data: '',
    held: [],
    closed: [],
    onData: bytes => {
      got.data += bytes.toString('latin1')
    },
    onHeld: held => void got.held.push(held),
    onClose: cause => void got.closed.push(cause),
  }
  return got
}

async function opened(context: TestContext, fake: FakeLine = fakeLine()) {
  const served = await program(context, async () => fake)
  const events = heard()
  const line = await openSocketLine(served.directory)(CONSOLE, events)
  context.cleanup(() => line.close())
  return { ...served, fake, events, line }
}

test('passes on data, modem lines, settings, BREAK and flow control, each way', async context => {
  const { fake, events, line, target } = await opened(context)
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  target().onData(all)
  await waitFor('the data', () => events.data === all.toString('latin1'))
  assert.is(line.write(Buffer.from('show version\r')), 13)
  await line.drain()
  assert.is(fake.sent, 'show version\r')
  await line.set({ baudRate: 115_200, parity: 'even' })
  assert.equal([line.settings.baudRate, line.settings.parity, line.settings.dataBits], [115_200, 'even', 8])
  await line.setModemLines({ dtr: false })
  assert.equal(line.outputs, { dtr: false, rts: true })
  assert.equal(await line.modemLines(), { cts: true, dsr: true, dcd: false, ri: false })
  await line.setBreak(true)
  await line.setBreak(false)
  await line.discard()
  await line.release()
  assert.equal(fake.log.slice(-4), ['break on', 'break off', 'discarded', 'released'])
  target().onHeld(true)
  await waitFor('held', () => events.held.length === 1)
})

test('takes no more than its window while the line takes nothing, and goes on after it', async context => {
  const fake = fakeLine({ takes: false })
  const { line } = await opened(context, fake)
  const paste = Buffer.alloc(10 * WINDOW_BYTES, 'p')
  assert.is(line.write(paste), WINDOW_BYTES)
  assert.is(line.write(paste), 0)
  let isDrained = false
  const drained = line.drain().then(() => {
    isDrained = true
  })
  await line.modemLines()
  assert.not(isDrained, 'drained while nothing was taken')
  fake.takes = true
  await drained
  assert.is(fake.sent.length, WINDOW_BYTES)
  assert.is(line.write(paste), WINDOW_BYTES)
})

test('discards what the line has not taken, and drains then', async context => {
  const fake = fakeLine({ takes: false })
  const { line } = await opened(context, fake)
  line.write(Buffer.from('old'))
  await line.discard()
  fake.takes = true
  line.write(Buffer.from('new'))
  await line.drain()
  assert.is(fake.sent, 'new')
})

test('says in its own words why the line was not opened, and why something was not done', async context => {
  const { directory, ended } = await program(context, async () => {
    throw new UserError('192.0.2.7 port 23: the connection was refused')
  })
  const refused = await openSocketLine(directory)(CONSOLE, heard()).catch(err => err)
  assert.ok(refused instanceof UserError)
  assert.is(refused.message, '192.0.2.7 port 23: the connection was refused')
  await waitFor('the end', () => ended.length === 1)
  assert.equal(ended, [{ opened: false, cause: '192.0.2.7 port 23: the connection was refused' }])

  const fake = fakeLine()
  fake.set = async () => {
    throw new UserError('telnet has no speed')
  }
  const { line } = await opened(context, fake)
  const not = await line.set({ baudRate: 300 }).catch(err => err)
  assert.ok(not instanceof UserError)
  assert.is(not.message, 'telnet has no speed')
})

test('tells the end of the line once with its cause, and the end of the program', async context => {
  const { events, line, target, ended } = await opened(context)
  target().onClose('the server closed the connection')
  await waitFor('the end', () => events.closed.length > 0 && ended.length > 0)
  assert.equal(events.closed, ['the server closed the connection'])
  assert.throws(() => line.write(Buffer.from('x')), /closed/)
  const late = await line.setBreak(true).catch(err => err)
  assert.ok(late instanceof UserError)
})

test('closes the line when the bridge does, and fails what it still asks', async context => {
  let isClosed = false
  const fake = fakeLine({ takes: false })
  fake.close = async () => {
    isClosed = true
  }
  const { line, ended, events } = await opened(context, fake)
  line.write(Buffer.from('x'))
  const drained = line.drain().catch(err => err)
  await line.close()
  assert.ok((await drained) instanceof UserError)
  await waitFor('the end', () => isClosed && ended.length === 1)
  assert.equal([ended, events.closed], [[{ opened: true, cause: undefined }], []])
})

test('without a program, says which unit is missing', async context => {
  const missing = await openSocketLine(await scratchDirectory(context))(CONSOLE, heard()).catch(err => err)
  assert.match(missing.message, /program does not run: see "systemctl status .*oobm-line@core-sw1.socket"/)
})

test('a program that sends garbage, too much or another protocol closes the line, and nothing worse', async context => {
  const cases: [send: (socket: Socket) => void, cause: RegExp][] = [
    [socket => socket.write('GET / HTTP/1.1\r\n'), /no frame/],
    [socket => socket.write(Buffer.from([0x4d, 0xff, 0xff])), /too long/],
    [socket => socket.write(messageFrame({ tell: 'exec' })), /another protocol/],
    [socket => socket.end(), /program ended/],
    [socket => socket.write(messageFrame({ tell: 'answer', id: 1, refused: 'no\u001b[2J' })), /^no\?\[2J$/],
  ]
  for (const [send, cause] of cases) {
    const directory = await scratchDirectory(context)
    const server = createServer(socket => {
      socket.on('error', () => {})
      socket.once('data', () => send(socket))
    })
    await once(server.listen(join(directory, CONSOLE.name)), 'listening')
    context.cleanup(() => server.close())
    const failed = await openSocketLine(directory)(CONSOLE, heard()).catch(err => err)
    assert.match(failed.message, cause)
  }
})

test('a bridge that sends garbage, more than its window, or before it opens gets its connection closed', async context => {
  const served = await program(context, async () => fakeLine({ takes: false }))
  for (const bytes of [
    Buffer.from('hello'),
    dataFrames(Buffer.alloc(WINDOW_BYTES + 1)),
    messageFrame({ ask: 'run', id: 1, command: 'sh' }),
    messageFrame({ ask: 'open', id: 1, protocol: 99, settings: {} }),
    Buffer.concat(Array.from({ length: 200 }, (_, id) => messageFrame({ ask: 'drain', id }))),
  ]) {
    const before = served.ended.length
    const socket = connect(served.path)
    socket.on('error', () => {})
    socket.resume()
    socket.write(bytes)
    await waitFor('the end', () => served.ended.length === before + 1)
    socket.destroy()
  }
})

test('a target that floods waits, also where the bridge reads all; one that talks does not', async context => {
  let nowMs = 0
  const slept: number[] = []
  const clock = {
    ...systemClock,
    nowMs: () => nowMs,
    sleep: async (ms: number, signal: AbortSignal) => {
      if (ms < 100) return systemClock.sleep(ms, signal)
      slept.push(ms)
      nowMs += ms
    },
  }
  const served = await program(context, async () => fakeLine(), clock)
  const bridge = heard()
  const line = await openSocketLine(served.directory)(CONSOLE, bridge)
  context.cleanup(() => line.close())
  const second = Buffer.alloc(262_144, 'x')
  served.target().onData(second.subarray(0, 92_160))
  assert.not(served.target().isBehind(), 'as much as 921600 bit/s in a second')
  nowMs += 1_000
  for (let seconds = 4; seconds > 0; seconds--) served.target().onData(second)
  const all = 92_160 + 4 * second.length
  await waitFor('all of it', () => bridge.data.length === all)
  assert.ok(served.target().isBehind())
  await served.target().caughtUp()
  assert.equal(slept, [3_500])
  assert.not(served.target().isBehind())
})

test.run()
