import * as assert from 'uvu/assert'
import { suite, type TestContext } from '../../testbed/suite.ts'
import type { Person } from '../console/person.ts'
import type { Remembered, SeatMemory } from '../console/remembered.ts'
import { fakeConsole } from '../testing/fake-console.ts'
import { runTransfer, type TransferJob } from './run-transfer.ts'
import { sendFile } from './send-file.ts'

const test = suite('run transfer')
const ALICE: Person = { technician: 'alice', role: 'operator', from: 'x' }
const BOB: Person = { technician: 'bob', role: 'operator', from: 'y' }
const CANCEL = '\x18'.repeat(8) + '\b'.repeat(8)

function start(
  context: TestContext,
  exchange: TransferJob['exchange'],
  more: Partial<TransferJob> = {},
  settings: Parameters<typeof fakeConsole>[1] = {},
  memory?: SeatMemory,
) {
  const fake = fakeConsole(context, settings, memory)
  const gone = new AbortController()
  const reports: string[] = []
  const job: TransferJob = {
    ...{ console: fake.console, by: ALICE, what: 'xmodem send', atSpeed: undefined, clock: fake.clock },
    ...{ gone: gone.signal, signal: context.signal, report: text => reports.push(text), exchange, ...more },
  }
  return { ...fake, gone, reports, done: runTransfer(job), beganMs: fake.clock.nowMs() }
}

/** Sends a byte and waits for its end. */
const waits: TransferJob['exchange'] = async wire => {
  wire.send(Buffer.from('x'))
  await wire.clock.sleep(86_400_000, wire.over)
  return undefined
}

/** Which way it may end, and what the target gets after the byte. */
const ENDS: [
  how: string,
  end: (started: ReturnType<typeof start>) => unknown,
  kind: string | undefined,
  text: string,
  sent: string,
][] = [
  ['the client goes', ({ gone }) => gone.abort(), 'left', 'cancelled', CANCEL],
  ['the target says nothing', () => {}, 'unanswered', 'the target said nothing for 120 s', CANCEL],
  ['somebody stops it', ({ console }) => console.transfers.stop(BOB), 'stopped', 'bob stopped it', CANCEL],
  ['somebody sends BREAK', ({ console }) => console.breaks.send(BOB, 300, NEVER), 'break', 'bob sent BREAK', ''],
  ['access is switched off', ({ console }) => console.dismiss('off'), 'left', 'off', CANCEL],
]
const NEVER = new AbortController().signal

for (const [how, end, kind, text, sent] of ENDS) {
  test(`${how}: it ends, the line has its speed again, and the record of it is one`, async context => {
    const started = start(context, waits, { atSpeed: 57_600 })
    const { console, line, recorded, done, pass } = started
    await pass(1_000)
    assert.is(line.settings.baudRate, 57_600)
    end(started)
    const why = await done
    assert.equal(why, { kind, text })
    assert.is(line.settings.baudRate, 9_600)
    assert.is(line.sent, `x${sent}`)
    const records = recorded.filter(record => record.startsWith('transfer'))
    assert.is(records.length, 1)
    assert.match(records[0] ?? '', `transfer end {"by":"alice","as":"xmodem send","bytes":0`)
    assert.match(records[0] ?? '', `"how":"${text}"`)
    assert.is(console.keyboard.transfer, undefined)
  })
}

test('one in whose middle the program was killed has its record at the next start', async context => {
  let now: Remembered | undefined
  const { done, pass } = start(context, waits, {}, {}, { before: undefined, put: put => (now = put) })
  await pass(1_000)
  assert.equal(now?.transfer, { by: 'alice', what: 'xmodem send' })
  const { recorded } = fakeConsole(context, {}, { before: now, put: () => {} })
  assert.equal(
    recorded.filter(record => record.startsWith('transfer')),
    ['transfer end {"by":"alice","as":"xmodem send","how":"cut off: the console bridge was killed"}'],
  )
  await pass(130_000)
  assert.is((await done)?.kind, 'unanswered')
  assert.is(now?.transfer, undefined)
})

test('a line that closes ends it, and is opened with its own speed', async context => {
  const { console, line, done, pass } = start(context, waits, { atSpeed: 57_600 })
  await pass(1_000)
  console.lineClosed('unplugged')
  assert.equal(await done, { kind: 'closed', text: 'the line is closed: unplugged' })
  assert.is(line.sent, 'x')
  assert.is(console.control.settings.baudRate, 9_600)
})

test('a line that cannot be set back is said, also of a file that is complete', async context => {
  const { line, done, recorded } = start(
    context,
    async () => {
      line.set = async () => {
        throw new Error('not supported')
      }
      return undefined
    },
    { atSpeed: 57_600 },
  )
  const why = await done
  assert.is(why?.text, 'the file is complete, but the line was not set to 9600: not supported')
  assert.match(recorded.at(-1) ?? '', why?.text ?? '')
})

test('a line that does not take the speed gets nothing', async context => {
  const fake = fakeConsole(context)
  fake.line.set = async () => {
    throw new Error('not supported')
  }
  let began = false
  const why = await runTransfer({
    ...{ console: fake.console, by: ALICE, what: 'xmodem send', atSpeed: 57_600, clock: fake.clock },
    ...{ gone: NEVER, signal: context.signal, report: () => {} },
    exchange: async () => {
      began = true
      return undefined
    },
  })
  assert.match(why?.text ?? '', /^the line was not set to 57600: not supported/)
  assert.is(began, false)
  assert.is(fake.line.sent, '')
})

test('a target that talks and takes nothing of the file is given up', async context => {
  const { console, done, pass, beganMs, clock } = start(context, waits)
  void (async () => {
    while (console.keyboard.transfer) {
      console.received(Buffer.from('?'))
      await pass(1_000)
    }
  })()
  const why = await done
  assert.equal(why, { kind: 'unanswered', text: 'nothing of the file went over the line for 300 s' })
  assert.ok(clock.nowMs() - beganMs < 310_000)
})

test('nothing is sent to a target that does not ask for the file, whatever else it says', async context => {
  const source = { protocol: 'xmodem', isLong: false, directory: '/', file: 'none', size: 1 } as const
  const { console, line, done, pass, reports } = start(context, wire => sendFile(wire, source))
  void (async () => {
    while (console.keyboard.transfer) {
      // Letters of a sentence are no request.
      for (const text of ['Cisco IOS', 'C', 'G', 'X']) {
        console.received(Buffer.from(text))
        await pass(30)
      }
      await pass(5_000)
    }
  })()
  const why = await done
  assert.is(why?.text, 'the target did not ask for the file within 120 s; nothing was sent')
  assert.is(line.sent, '')
  assert.equal(reports, ['waiting for the target'])
})

test('what the target says when the exchange is over, and before the line is back, is shown', async context => {
  const { console, line, done } = start(
    context,
    async wire => {
      wire.divert(() => {})
      wire.tail = Buffer.from('its own ')
      wire.divert(undefined)
      return undefined
    },
    { atSpeed: 57_600 },
  )
  const { set } = line
  line.set = async changes => {
    if (changes.baudRate === 9_600) console.received(Buffer.from('words'))
    await set(changes)
  }
  assert.is(await done, undefined)
  assert.is(console.scrollback.read(0, 100).bytes.toString(), 'its own words')
})

test('the others see how far it is, and an operator may stop it, an observer not', async context => {
  const { console, attach, done, pass } = start(context, async wire => {
    wire.progress = { bytes: 1_000, total: 4_000 }
    return waits(wire)
  })
  const seen: string[] = []
  const olga = attach('olga', { role: 'observer' })
  olga.seat.events.onProgress = text => seen.push(text)
  assert.is(console.transfers.stop(olga.seat), 'read-only: you are an observer; neither typing nor BREAK is sent')
  await pass(10_000)
  assert.is(seen[0], 'xmodem send: 25 %, 1000 of 4000 bytes, 6 s left')
  assert.is(console.transfers.stop(BOB), undefined)
  assert.is((await done)?.text, 'bob stopped it')
  assert.is(console.transfers.stop(BOB), 'no file transfer is going on')
  assert.match(olga.told.at(-2) ?? '', 'the transfer of alice (xmodem send) is over: bob stopped it')
})

test('what the last one sets off who leaves waits for the end of the transfer', async context => {
  const { console, line, attach, gone, done, pass } = start(context, waits, {}, { onLeave: { send: 'exit\r' } })
  const { seat } = attach('alice')
  await pass(1_000)
  console.sessions.leave(seat)
  await pass(1_000)
  assert.is(line.sent, 'x')
  gone.abort()
  await done
  await pass(1_000)
  assert.is(line.sent, `x${CANCEL}exit\r`)
})

test.run()
