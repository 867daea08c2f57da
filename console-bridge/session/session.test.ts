import * as assert from 'uvu/assert'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { fakeConsole } from '../testing/fake-console.ts'
import { fakeTerminal } from '../testing/fake-terminal.ts'
import { SharedFolder } from '../transfer/shared-folder.ts'
import { Spool } from '../transfer/spool.ts'
import { Session } from './session.ts'

const test = suite('session')
const PASTE = Buffer.alloc(70_000, 'x')

/** Alice's session at a console on a fake line, once it is started, and Bob's seat there. */
function withSession(
  context: TestContext,
  interactive = true,
  {
    role = 'operator' as 'operator' | 'observer',
    viewOnly = false,
    set = 'oobm' as 'oobm' | 'conserver',
    alerts = [] as string[],
  } = {},
) {
  const { console, line, clock, attach, pass, recorded } = fakeConsole(context)
  const shown = fakeTerminal({ interactive })
  context.cleanup(shown.leave)
  const person = { technician: 'alice', role, from: 'x' }
  const start = () => {
    const session = new Session({
      ...{
        console,
        person,
        viewOnly,
        terminal: shown,
        escapeSetting: { key: 'ctrl-]', set },
        clock,
        signal: context.signal,
        alerts: () => alerts,
        places: { spool: new Spool('/nonexistent'), folder: new SharedFolder('/nonexistent') },
      },
    })
    return { session, ending: session.run() }
  }
  const bob = () => attach('bob').seat
  return { console, line, shown, start, bob, pass, recorded }
}

test('greets with the console, the right to type, and who else is there', async context => {
  const { shown, start, bob, pass } = withSession(context)
  bob()
  start()
  await pass(100)
  assert.is(
    shown.notes,
    [
      '[oobm: console core-sw1 on /dev/x, 9600 8N1]',
      '[oobm: you are alice, operator: bob types, you watch; Ctrl-] w to take over]',
      '[oobm: Ctrl-] ? for help]',
      '',
    ].join('\r\n'),
  )
})

test('the key for alerts shows the latest to an observer, and where there are more', async context => {
  for (const [count, shows, hides] of [
    [1, 'rule-1', 'the last'],
    [12, '[oobm: the last 10 of 12; all: ssh core-sw1 alerts]\r\n[oobm: rule-3]', 'rule-2]'],
  ] as const) {
    const alerts = Array.from({ length: count }, (_, at) => `rule-${at + 1}`)
    const { shown, start, pass } = withSession(context, true, { role: 'observer', alerts })
    const { session } = start()
    await pass(100)
    session.onTyped(Buffer.from('\x1de'))
    await pass(100)
    assert.ok(shown.notes.includes(shows), shown.notes)
    assert.not.match(shown.notes, hides)
    assert.match(shown.notes, `[oobm: rule-${count}]`)
  }
})

test('the command watch sends nothing, and does not end with its input', async context => {
  const { line, shown, start, pass } = withSession(context, false, { viewOnly: true })
  const { session } = start()
  session.onTyped(Buffer.from('reload\r'))
  session.onEnd()
  await pass(60_000)
  assert.is(line.sent, '')
  assert.match(shown.notes, '[oobm: read-only: this session only watches; neither typing nor BREAK is sent]')
  assert.not.match(shown.notes, 'not sent:')
})

test('says that the line is closed, and sends nothing that was typed meanwhile', async context => {
  const { console, line, shown, start, pass } = withSession(context)
  const { session } = start()
  console.lineClosed('unplugged')
  session.onTyped(Buffer.from('reload\r'))
  console.lineOpened(line)
  session.onTyped(Buffer.from('typed'))
  await pass(100)
  assert.is(line.sent, 'typed')
  assert.match(shown.notes, '[oobm: not sent: the line is closed]')
})

test('stops reading while the line has no room, and reads on after', async context => {
  const { line, shown, start, pass } = withSession(context)
  const { session } = start()
  line.takes = false
  session.onTyped(PASTE.subarray(0, 1_000))
  assert.ok(shown.reads)
  session.onTyped(PASTE)
  assert.not(shown.reads)
  line.takes = true
  await pass(1_000)
  assert.ok(shown.reads)
  assert.is(line.sent.length, 71_000)
})

test('somebody else’s BREAK drops what a stopped client had on its way, until it pauses', async context => {
  const { console, line, shown, start, bob, pass } = withSession(context)
  const { session } = start()
  const other = bob()
  line.takes = false
  session.onTyped(PASTE)
  const sending = console.breaks.send(other, undefined, context.signal)
  assert.ok(shown.reads, 'what waits is read, to be dropped')
  for (let round = 0; round < 10; round++) {
    session.onTyped(PASTE)
    await pass(500)
  }
  await sending
  line.takes = true
  session.onTyped(Buffer.from('still the paste'))
  await pass(2_000)
  assert.is(line.sent, '')
  session.onTyped(Buffer.from('typed'))
  await pass(100)
  assert.is(line.sent, 'typed')
  assert.match(shown.notes, /\[oobm: not sent: 700015 bytes \(bob sent BREAK\)/)
})

test("conserver's keys: a lone ^E goes out after half a second, and with what follows it", async context => {
  const { line, shown, start, pass } = withSession(context, true, { set: 'conserver' })
  const { session } = start()
  await pass(100)
  assert.match(shown.notes, '[oobm: ^Ec? for help]')
  session.onTyped(Buffer.from('\x05'))
  await pass(400)
  assert.is(line.sent, '')
  await pass(200)
  assert.is(line.sent, '\x05')
  session.onTyped(Buffer.from('\x05'))
  await pass(400)
  session.onTyped(Buffer.from('x'))
  await pass(1_000)
  assert.is(line.sent, '\x05\x05x')
  session.onTyped(Buffer.from('\x1dw'))
  await pass(100)
  assert.is(line.sent, '\x05\x05x\x1dw', 'our own key is a key like others')
})

test("conserver's keys: nothing of a paste is taken for them, and after it they work", async context => {
  const { line, shown, start, pass } = withSession(context, true, { set: 'conserver' })
  const { session } = start()
  const paste = `line ${'^E'}\x05 \x05c? \x05cl0 \x05c.\r`.repeat(20)
  for (const piece of [paste.slice(0, 199), paste.slice(199, 202), paste.slice(202)])
    session.onTyped(Buffer.from(piece))
  await pass(2_000)
  assert.is(line.sent, paste)
  session.onTyped(Buffer.from('\x05'))
  await pass(200)
  session.onTyped(Buffer.from('cw'))
  await pass(1_000)
  assert.is(line.sent, paste)
  assert.match(shown.notes, '1 session at core-sw1')
})

test("conserver's keys: in raw mode they are off", async context => {
  const { line, shown, start, pass } = withSession(context, true, { set: 'conserver' })
  const { session } = start()
  session.onTyped(Buffer.from('\x05cB'))
  session.onTyped(Buffer.from('\x05'))
  session.onTyped(Buffer.from('c?'))
  await pass(100)
  assert.is(line.sent, '\x05c?')
  assert.match(shown.notes, '^Ec does not work')
})

test("conserver's keys: an end of input sends what waits", async context => {
  const { line, start, pass } = withSession(context, true, { set: 'conserver' })
  const { session } = start()
  session.onTyped(Buffer.from('\x05c'))
  session.onEnd()
  await pass(100)
  assert.is(line.sent, '\x05c')
})

test('a program whose session is ended while it waits for the answer gets the code for that', async context => {
  const { console, line, shown, start, pass } = withSession(context, false)
  const { session, ending } = start()
  session.onTyped(Buffer.from('show tech\r'))
  session.onEnd()
  await pass(1_000)
  assert.is(line.sent, 'show tech\r')
  void console.dismiss('access to this device was switched off')
  assert.is(await ending, 69)
  assert.match(shown.notes, '[oobm: access to this device was switched off]')
})

test('a take-over by key ends the dropping of a paste', async context => {
  const { line, start, bob, console, pass } = withSession(context)
  const other = bob()
  console.keyboard.takeOver(other)
  const { session } = start()
  session.onTyped(PASTE)
  session.onTyped(Buffer.from('\x1dwtyped'))
  await pass(100)
  assert.is(line.sent, 'typed')
})

test('without a terminal: no past output', async context => {
  const { console, shown, start, pass } = withSession(context, false)
  console.received(Buffer.from('old\r\n\x1b[6nRouter#'))
  const { session, ending } = start()
  session.onTyped(Buffer.from('show clock\r'))
  console.received(Buffer.from('show clock\r\n*12:00\r\nRouter#'))
  await pass(100)
  session.onEnd()
  assert.is(await ending, 0)
  assert.is(shown.out, 'show clock\r\n*12:00\r\nRouter#')
})

test('with a terminal: past output as text, and new output unchanged', async context => {
  const { console, shown, start, pass } = withSession(context)
  console.received(Buffer.from('old\r\n\x1b[6n\x1b[?1049hRouter#\x1b[3'))
  const { session } = start()
  await pass(100)
  console.received(Buffer.from('1mred\x1b[6n'))
  await pass(100)
  assert.is(shown.out, 'old\r\nRouter#red\x1b[6n')
  session.onTyped(Buffer.from('\x1dd'))
})

test('a program that reads too slowly is told of the gap, and does not end with 0', async context => {
  const { console, shown, start, pass } = withSession(context, false)
  const { session, ending } = start()
  session.onTyped(Buffer.from('show tech\r'))
  let goOn = () => {}
  shown.ready = new Promise(resolve => {
    goOn = resolve
  })
  for (let line = 0; line < 2_000; line++) {
    console.received(Buffer.from(`${'x'.repeat(98)}\r\n`))
    if (line === 0) await pass(10)
  }
  console.received(Buffer.from('Router#'))
  goOn()
  await pass(100)
  session.onEnd()
  assert.is(await ending, 124)
  assert.match(shown.notes, /\d+ bytes are missing here: this connection was too slow/)
  assert.match(shown.out, /\nRouter#$/)
})

test('refuses an observer’s typing, BREAK, take-over and release; typing is answered once', async context => {
  const { line, shown, start, pass } = withSession(context, true, { role: 'observer' })
  const { session, ending } = start()
  session.onTyped(Buffer.from('reload\r'))
  session.onTyped(Buffer.from('y'))
  await pass(100)
  const told = () => shown.notes.split('[oobm: read-only: you are an observer').length - 1
  assert.is(told(), 1)
  for (const keys of ['\x1db', '\x1dw', '\x1dc']) session.onTyped(Buffer.from(keys))
  assert.not(session.breakRequested(300))
  await pass(100)
  assert.is(told(), 5)
  assert.is(line.sent, '')
  session.onTyped(Buffer.from('\x1dd'))
  assert.is(await ending, 77)
  assert.match(shown.notes, '[oobm: 0 bytes sent, 8 not sent: read-only: you are an observer')
})

test('one’s own BREAK request drops the rest of a paste, and nothing without a paste', async context => {
  const { line, shown, start, pass } = withSession(context)
  const { session } = start()
  session.onTyped(Buffer.from('before'))
  assert.ok(session.breakRequested(300))
  session.onTyped(Buffer.from(' after'))
  await pass(2_000)
  assert.is(line.sent, 'before after')
  session.onTyped(PASTE)
  session.breakRequested(300)
  session.onTyped(PASTE)
  await pass(3_000)
  assert.is(line.sent.length, 'before after'.length + PASTE.length)
  assert.match(shown.notes, /\[oobm: not sent: 70000 bytes \(you sent BREAK during a paste\)/)
})

test('tells a dismissed session why, and a program how its answer ended', async context => {
  const away = withSession(context)
  const { ending } = away.start()
  await away.console.dismiss('maintenance was switched off')
  assert.is(await ending, 69)
  assert.match(away.shown.notes, '[oobm: maintenance was switched off]')

  const silent = withSession(context, false)
  const one = silent.start()
  one.session.onTyped(Buffer.from('\r'))
  one.session.onEnd()
  assert.is(await one.ending, 1)
  assert.match(silent.shown.notes, '[oobm: the target said nothing for 10 s]')
})

test('a program that lost input ends soon', async context => {
  const { console, shown, start, bob, line } = withSession(context, false)
  bob()
  const { session, ending } = start()
  session.onTyped(Buffer.from('reload\r'))
  console.keyboard.takeOver(console.seats[1] as never)
  session.onTyped(Buffer.from('y\r'))
  assert.is(await ending, 75)
  assert.is(line.sent, '')
  assert.match(shown.notes, '[oobm: 0 bytes sent, 9 not sent: bob types]')
})

test('tells the recorder the size of the terminal, the last of each half second, and how the session ended', async context => {
  const { shown, start, pass, recorded } = withSession(context)
  const { session, ending } = start()
  await pass(100)
  for (let columns = 81; columns <= 100; columns++) session.onResized({ columns, rows: 30 })
  await pass(1_000)
  session.onResized({ columns: 132, rows: 50 })
  await pass(1_000)
  shown.leave()
  await ending
  const told = recorded.filter(text => text.startsWith('session'))
  assert.match(told[0] ?? '', /^session begin .*"size":"80x24"/)
  assert.equal(told.slice(1, 3), ['session size {"id":1,"size":"100x30"}', 'session size {"id":1,"size":"132x50"}'])
  assert.match(told[3] ?? '', /^session end .*"how":"disconnected"/)
  assert.is(told.length, 4)
})

test('asks for a message: it goes to the others, nothing to the target, whose output waits', async context => {
  const { console, line, shown, start, bob, pass } = withSession(context)
  const { session } = start()
  const told: string[] = []
  bob().events.onNotice = text => told.push(text)
  session.onTyped(Buffer.from('a\x1dm'))
  await pass(100)
  console.received(Buffer.from('up 3 days\r\n'))
  session.onTyped(Buffer.from('hel'))
  await pass(100)
  assert.is(shown.out, '')
  session.onTyped(Buffer.from('lo\rreload\r'))
  session.onTyped(Buffer.from('\x1dm'))
  session.onTyped(Buffer.from('never\x1b[A'))
  await pass(5_000)
  session.onTyped(Buffer.from('b'))
  assert.is(line.sent, 'ab')
  assert.equal(
    told.filter(text => text.startsWith('message')),
    ['message from alice: hello'],
  )
  assert.is(shown.out, 'up 3 days\r\n')
  assert.match(shown.notes, '[oobm: message to the others; Enter sends it, Esc cancels:] hello\r\n')
  assert.match(shown.notes, '[oobm: message sent to bob]')
  assert.match(shown.notes, '[oobm: not sent: 7 bytes after your answer]')
})

test('answers that come before their questions reach no target', async context => {
  const { line, shown, start, pass } = withSession(context)
  const { session } = start()
  await pass(100)
  session.onTyped(Buffer.from('\x1dt'))
  // Each in a packet of its own, while the bridge gets the next question ready.
  for (const keys of ['s\r', 'k', '\r', 'ios', '.bin\r', '57600\r']) session.onTyped(Buffer.from(keys))
  await waitFor('the end of the dialog', async () => {
    await pass(10)
    return /bytes after your answer/.test(shown.notes)
  })
  session.onTyped(Buffer.from('b'))
  await pass(100)
  assert.is(line.sent, 'b')
  assert.match(shown.notes, /protocol: x XMODEM, k XMODEM-1K, y YMODEM; Enter: next, Esc cancels:\] k\r\n/)
  assert.match(shown.notes, '/nonexistent cannot be read')
  assert.match(shown.notes, '[oobm: not sent: 14 bytes after your answer]')
})

test.run()
