import * as assert from 'uvu/assert'
import { silentLog } from '../../runtime/log.ts'
import { whenAborted } from '../../runtime/waiting.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import type { Person } from '../console/person.ts'
import { setLine } from '../console/set-line.ts'
import { fakeConsole } from '../testing/fake-console.ts'
import { fakeTerminal } from '../testing/fake-terminal.ts'
import { ForwardedPort, type PortKind } from './forwarded-port.ts'

const test = suite('forwarded port')

/** Alice's port on a console, with what is sent to her as bytes in `terminal.out`. */
function port(context: TestContext, kind: PortKind = 'RFC 2217', more: Partial<Person> = {}) {
  const fake = fakeConsole(context)
  const terminal = fakeTerminal({ interactive: false })
  const ending = new AbortController()
  context.cleanup(() => ending.abort())
  const one = new ForwardedPort({
    ...{ console: fake.console, kind, terminal, clock: fake.clock, log: silentLog, signal: ending.signal },
    person: { technician: 'alice', role: 'operator', from: 'x', ...more },
  })
  const ended = one.run()
  const settle = async () => {
    for (let turn = 0; turn < 50; turn++) await new Promise(resolve => setImmediate(resolve))
  }
  const takes = async (...bytes: (number | string)[]) => {
    one.onTyped(Buffer.concat(bytes.map(part => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part])))))
    await settle()
  }
  /** The answers since the last call, without what negotiates. */
  const answers = (): number[][] => {
    const found = [...terminal.out.matchAll(/\xff\xfa\x2c([\s\S]*?)\xff\xf0/g)]
    terminal.out = ''
    return found.map(([, bytes = '']) => [...Buffer.from(bytes, 'latin1')])
  }
  const ask = async (...command: number[]) => {
    await takes(255, 250, 44, ...command, 255, 240)
    return answers()
  }
  /** Both sides agree on the com port option, and alice sends binary. */
  const agree = async () => {
    await takes(255, 251, 44, 255, 251, 0)
    terminal.out = ''
  }
  return { ...fake, terminal, one, ended, settle, takes, answers, ask, agree, stop: () => ending.abort() }
}

test('sends and shows data with its IACs doubled, and raw as it is', async context => {
  const com = port(context)
  await com.settle()
  com.terminal.out = ''
  com.console.received(Buffer.from([65, 255, 13, 10, 255]))
  await com.takes('show ', 255, 255, 255, 241, 'x\r', 0)
  assert.equal([...Buffer.from(com.terminal.out, 'latin1')], [65, 255, 255, 13, 10, 255, 255])
  assert.is(com.line.sent, Buffer.from([...Buffer.from('show '), 255, ...Buffer.from('x\r')]).toString())
  const raw = port(context, 'raw bytes')
  await raw.settle()
  raw.console.received(Buffer.from([255]))
  await raw.takes('a', 255, 253, 0)
  assert.equal([raw.terminal.out, raw.line.sent], ['\xff', Buffer.from([97, 255, 253, 0]).toString()])
})

test('refuses an unknown option, and does not answer the com port’s commands before it is agreed on', async context => {
  const { takes, terminal, settle, ask, agree } = port(context)
  await settle()
  terminal.out = ''
  await takes(255, 251, 24)
  assert.is(terminal.out, '\xff\xfe\x18')
  assert.equal(await ask(1, 0, 0, 0, 0), [])
  await agree()
  assert.equal(await ask(1, 0, 0, 0, 0), [[101, 0, 0, 37, 128]])
})

test('changes the line after what was sent before, tells the others, and puts it back at the end', async context => {
  const { one, ask, agree, line, attach, ended, takes } = port(context)
  await agree()
  const { told } = attach('bob')
  await takes('slow')
  assert.equal(await ask(1, 0, 1, 194, 0), [[101, 0, 1, 194, 0]])
  assert.is(line.settings.baudRate, 115_200)
  assert.ok(
    told.some(text => /^alice \(RFC 2217\) set the line to 115200 8N1/.test(text)),
    told.join('\n'),
  )
  one.onEnd()
  assert.is(await ended, 'the client closed it')
  assert.is(line.settings.baudRate, 9_600)
  assert.ok(told.includes('alice (RFC 2217) left: the next operator who types has the console'), told.join('\n'))
})

test('does not put back what somebody else set since', async context => {
  const { one, ask, agree, console, ended, line, attach } = port(context)
  await agree()
  await ask(1, 0, 1, 194, 0)
  await ask(2, 7)
  const { seat: bob } = attach('bob')
  await setLine({ console, by: bob, signal: context.signal }, { baudRate: 19_200 }, false)
  one.onEnd()
  await ended
  assert.equal([line.settings.baudRate, line.settings.dataBits, console.seats], [19_200, 8, [bob]])
})

test('what was sent before a change is sent whole, however slow the line is', async context => {
  const { agree, ask, line, takes, settle, answers } = port(context)
  await agree()
  let calls = 0
  line.write = bytes => {
    if (++calls % 2 === 1) return 0
    line.sent += bytes.subarray(0, 1)
    return 1
  }
  await takes('x'.repeat(100))
  const early = await ask(1, 0, 1, 194, 0)
  for (let turn = 0; turn < 20 && line.settings.baudRate === 9_600; turn++) await settle()
  await settle()
  assert.is(line.sent.length, 100)
  assert.equal([...early, ...answers()], [[101, 0, 1, 194, 0]])
})

test('a BREAK is on until the client ends it, and off when the client leaves', async context => {
  const { ask, agree, line, noted, one, ended, clock } = port(context)
  const breaks = () => line.log.filter(entry => entry.startsWith('break'))
  // Left alone, a BREAK is over after 3 s of the quick clock: here, only what ends it does.
  const { sleep } = clock
  clock.sleep = (ms, signal) => (ms > 2_000 ? whenAborted(signal) : sleep(ms, signal))
  await agree()
  assert.equal(await ask(5, 4), [[105, 6]])
  assert.equal(await ask(5, 5), [[105, 5]])
  assert.equal(await ask(5, 4), [[105, 5]])
  assert.equal(breaks(), ['break on'])
  assert.equal(await ask(5, 6), [[105, 6]])
  assert.equal(breaks(), ['break on', 'break off'])
  assert.match(noted.at(-1)?.[0].detail ?? '', /^\d+ ms$/)
  await ask(5, 5)
  one.onEnd()
  await ended
  assert.equal(breaks(), ['break on', 'break off', 'break on', 'break off'])
})

test('a BREAK that nobody ends is over after 3 s', async context => {
  const { ask, agree, line, noted } = port(context)
  await agree()
  await ask(5, 5)
  assert.is(noted.at(-1)?.[0].detail, '3000 ms')
  assert.equal(line.log, ['drained', 'break on', 'break off'])
  assert.equal(await ask(5, 4), [[105, 6]])
})

test('an observer changes nothing: each answer has the value as it was; a byte of theirs closes the port', async context => {
  const { ask, agree, line, takes, ended } = port(context, 'RFC 2217', { role: 'observer' })
  await agree()
  assert.equal(await ask(1, 0, 1, 194, 0), [[101, 0, 0, 37, 128]])
  assert.equal(await ask(5, 5), [[105, 6]])
  assert.equal(await ask(5, 9), [[105, 8]])
  assert.equal(line.log, [])
  await takes('x')
  assert.match(await ended, /^0 bytes sent, 1 not sent: read-only/)
  assert.is(line.sent, '')
})

test('after a take-over it reads on, changes nothing, and closes with the first byte that cannot be sent', async context => {
  const { ask, agree, console, line, takes, ended, attach } = port(context)
  await agree()
  await takes('first')
  console.keyboard.takeOver(attach('bob').seat)
  assert.equal(await ask(1, 0, 1, 194, 0), [[101, 0, 0, 37, 128]])
  await takes('second')
  assert.is(await ended, '5 bytes sent, 6 not sent: bob types')
  assert.is(line.sent, 'first')
})

test('what waits when somebody takes over is lost, so the port closes', async context => {
  const { line, takes, ended, attach, console } = port(context, 'raw bytes')
  line.takes = false
  await takes('waits')
  console.keyboard.takeOver(attach('bob').seat)
  assert.match(await ended, /not sent: bob took over typing/)
})

test('what was kept of a lost session of the same person is not for a program, and the keyboard is free for it', async context => {
  const { console, attach, one, ended } = port(context, 'raw bytes')
  one.onEnd()
  await ended
  const lost = attach('alice').seat
  console.sessions.leave(lost, 'disconnected', console.scrollback.end)
  assert.is(console.keyboard.describeOccupied({ technician: 'alice', role: 'operator', from: 'y' }), undefined)
  assert.match(
    console.keyboard.describeOccupied({ technician: 'bob', role: 'operator', from: 'y' }) ?? '',
    'is kept for alice',
  )
  const { seat } = attach('alice', { port: 'raw bytes' })
  assert.equal([seat.back, console.writer], [undefined, seat])
})

test('a purge is no loss', async context => {
  const { line, agree, ask, takes, terminal, settle, console } = port(context)
  await agree()
  line.takes = false
  await takes('waits')
  assert.equal(await ask(8), [])
  console.received(Buffer.from('old'))
  await settle()
  assert.equal(await ask(12, 3), [[112, 3]])
  line.takes = true
  await takes('new')
  assert.equal(await ask(9), [])
  console.received(Buffer.from('fresh'))
  await settle()
  assert.is(terminal.out, 'fresh')
  assert.is(line.sent, 'new')
})

test('stops reading while the line has no room, and gives up what flow control holds', async context => {
  const { line, one, terminal, settle, ended } = port(context, 'raw bytes')
  line.takes = false
  one.onTyped(Buffer.alloc(70_000, 'x'))
  assert.not(terminal.reads)
  await settle()
  assert.match(await ended, /0 bytes sent, 70000 not sent: flow control holds the line/)
})

test('a client that is too slow is closed rather than given output with a gap', async context => {
  const { agree, ask, console, ended, settle } = port(context)
  await agree()
  await ask(8)
  console.received(Buffer.alloc(70_000, 'x'))
  await settle()
  await ask(9)
  assert.match(await ended, /too slow: it missed \d+ bytes/)
})

test('closes with its line', async context => {
  const { console, ended } = port(context)
  console.lineClosed('unplugged')
  assert.is(await ended, 'the line is closed: unplugged')
})

test('tells the modem lines once the option is agreed on, and each change', async context => {
  const { line, takes, answers, settle, pass } = port(context)
  let cts = true
  line.modemLines = async () => ({ cts, dsr: false, dcd: false, ri: false })
  await takes(255, 251, 44, 255, 252, 44, 255, 251, 44)
  assert.equal(answers(), [[107, 16]])
  cts = false
  await pass(1_000)
  await settle()
  assert.equal(answers(), [[107, 1]])
})

test.run()
