import * as assert from 'uvu/assert'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { describeSettings } from '../line/settings.ts'
import { fakeConsole } from '../testing/fake-console.ts'
import { type Framing, resample } from '../testing/uart-wire.ts'
import { autobaud } from './autobaud.ts'

const test = suite('autobaud')
const ALICE = { technician: 'alice', role: 'operator', from: 'x' } as const
const SAID = Buffer.from('%LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to up\r\n')

/** A target at its own speed behind a fake line: both ends read the wire as UARTs do. */
function targetAt(context: TestContext, baudRate: number, framing: Framing = { dataBits: 8, parity: 'none' }) {
  const fake = fakeConsole(context)
  const { console, line, clock } = fake
  const heard: number[] = []
  const says = (text: Buffer) => console.received(resample(text, baudRate, line.settings.baudRate, framing))
  const write = line.write
  line.write = bytes => {
    const read = resample(bytes, line.settings.baudRate, baudRate)
    heard.push(...read)
    if (read.includes(0x0d)) setImmediate(() => says(Buffer.from('\r\ncore-sw1>')))
    return write(bytes)
  }
  const talk = async () => {
    while (!context.signal.aborted) {
      await clock.sleep(900, context.signal)
      says(SAID)
    }
  }
  const told: string[] = []
  const find = (types: boolean, over = context.signal) =>
    autobaud({
      console,
      by: ALICE,
      types,
      isKept: false,
      clock,
      over,
      signal: context.signal,
      tell: text => told.push(text),
    })
  return { ...fake, heard, talk, find, told }
}

for (const [baudRate, framing, found] of [
  [9_600, undefined, '9600 8N1'],
  [115_200, undefined, '115200 8N1'],
  [1_200, undefined, '1200 8N1'],
  [38_400, { dataBits: 7, parity: 'even' }, '38400 7E1'],
] as const) {
  test(`finds ${found} by listening, and types nothing`, async context => {
    const { line, attach, talk, find, heard } = targetAt(context, baudRate, framing)
    const bob = attach('bob')
    void talk()
    const answer = await find(false)
    assert.equal(answer, { set: true, text: `core-sw1: ${found} (was 9600 8N1), until the last session leaves` })
    assert.is(describeSettings(line.settings), found)
    assert.equal(heard, [])
    assert.is(bob.told.at(-1), `the target speaks ${found}; the line is set to it, until the last session leaves`)
  })
}

test('a target that says nothing leaves the line as it was, within a minute', async context => {
  const { line, find, clock, console } = targetAt(context, 57_600)
  const fromMs = clock.nowMs()
  assert.equal(await find(false), {
    set: false,
    refused: false,
    cause: 'the speed was not found: the target said nothing readable within 60 s; the line has 9600 8N1 again',
  })
  assert.ok(clock.nowMs() - fromMs < 65_000)
  assert.is(describeSettings(line.settings), '9600 8N1')
  assert.is(console.control.difference, undefined)
})

test('with --type, finds the speed by one CR at each, and never by one that is slower', async context => {
  const { line, find, told } = targetAt(context, 19_200)
  const answer = await find(true)
  assert.ok(answer.set)
  assert.is(describeSettings(line.settings), '19200 8N1')
  assert.equal(
    line.log.filter(entry => /^set|\r/.test(entry)),
    [230_400, 115_200, 57_600, 38_400, 19_200].flatMap(speed => [`set ${speed} 8N1`, '\r']),
  )
  assert.match(told.at(-1) ?? '', /^19200: 11 bytes, 100 % readable$/)
})

test('types nothing while somebody else has the keyboard, or soon after the target spoke', async context => {
  const { console, line, attach, find, pass } = targetAt(context, 9_600)
  const bob = attach('bob')
  const refused = async () => {
    const answer = await find(true)
    return answer.set ? 'set' : answer.cause
  }
  assert.is(await refused(), 'bob has the keyboard; nothing was typed')
  console.sessions.leave(bob.seat)
  console.received(SAID)
  await pass(59_000)
  assert.match(await refused(), /^the target spoke within the last 60 s/)
  assert.is(line.sent, '')
  await pass(2_000)
  assert.is(await refused(), 'set')
})

test('a BREAK, other settings and Ctrl-C end it, and the speed is the old one before they act', async context => {
  const { console, line, find, talk, attach } = targetAt(context, 2_000_000)
  const { told } = attach('bob')
  void talk()
  const searching = find(false)
  while (describeSettings(line.settings) === '9600 8N1') await new Promise(setImmediate)
  assert.ok((await console.breaks.send(ALICE, undefined, context.signal)).sent)
  assert.match(JSON.stringify(await searching), /a BREAK or other settings came first; the line has 9600 8N1 again/)
  const restored = line.log.lastIndexOf('set 9600 8N1')
  assert.ok(restored >= 0 && line.log.indexOf('break on') > restored, line.log.join(', '))
  assert.ok(told.some(text => text.startsWith('the speed of the target was not found')))
  const stop = new AbortController()
  const again = find(false, stop.signal)
  stop.abort()
  assert.match(JSON.stringify(await again), /it was stopped; the line has 9600 8N1 again/)
})

test('is for operators', async context => {
  const { console, clock } = targetAt(context, 9_600)
  const olga = { technician: 'olga', role: 'observer', from: 'x' } as const
  const common = {
    console,
    by: olga,
    isKept: false,
    clock,
    over: context.signal,
    signal: context.signal,
    tell: () => {},
  }
  const answer = await autobaud({ ...common, types: false })
  assert.ok(!answer.set && answer.refused)
})

test.run()
