import * as assert from 'uvu/assert'
import { consoleSchema } from '../../formats/console-settings.ts'
import { suite } from '../../testbed/suite.ts'
import { ECHO_WINDOW, Pacer } from './pacer.ts'
import { describePacing, type Pacing, pacingAfter, pacingOf } from './pacing.ts'

const test = suite('pacer')
const isPrompt = (line: string) => /[>#] ?$/.test(line)
const NONE: Pacing = { characterMs: 0, lineMs: 0, waitFor: 'none', isPrompt, timeoutMs: 10_000 }

/** A pacer, a clock, and all that it lets through until it wants to wait. A byte takes 1 ms on the wire. */
function pacer(pacing: Partial<Pacing>, pasted: string) {
  const one = new Pacer({ ...NONE, ...pacing }, () => 1)
  let waiting = Buffer.from(pasted)
  let nowMs = 1_000_000
  one.queued(waiting, nowMs)
  const sends = () => {
    let sent = ''
    for (let room = 1; waiting.length > 0 && room > 0; ) {
      room = Math.min(one.room(waiting, nowMs), waiting.length)
      if (room === 0) break
      one.sent(waiting.subarray(0, room), nowMs)
      sent += waiting.subarray(0, room)
      waiting = waiting.subarray(room)
    }
    return sent
  }
  return {
    one,
    sends,
    hears: (text: string) => one.heard(Buffer.from(text), nowMs),
    pass: (ms: number) => {
      nowMs += ms
    },
    waitMs: () => one.waitMs(nowMs),
    isOverdue: () => one.isOverdue(nowMs),
    isStuck: () => one.isStuck(nowMs),
    isGoing: () => one.isGoing(nowMs),
    more: (text: string) => {
      waiting = Buffer.concat([waiting, Buffer.from(text)])
      one.queued(Buffer.from(text), nowMs)
    },
  }
}

test('waits after each character for as long as the wire needs for it, and the delay', () => {
  const { sends, pass, waitMs } = pacer({ characterMs: 5 }, 'abc')
  assert.is(sends(), 'a')
  assert.is(waitMs(), 6)
  pass(5)
  assert.is(sends(), '')
  pass(1)
  assert.is(sends(), 'b')
})

test('waits after each line; CR LF is one line end, wherever the paste is cut', () => {
  for (const cut of [0, 1, 2, 3, 4, 5]) {
    const text = 'a\r\nb\n'
    const { one, sends, more, pass } = pacer({ lineMs: 100 }, text.slice(0, cut))
    const sent = [sends()]
    more(text.slice(cut))
    sent.push(sends())
    assert.is(sent.join(''), 'a\r\n', `${cut}`)
    pass(104)
    assert.is(sends(), 'b\n', `${cut}`)
    assert.equal(one.progress, { sentLines: 2, lines: 2 })
  }
})

test('waits for the prompt on a line of its own, and a moment of silence after it', () => {
  const { sends, hears, pass, waitMs } = pacer({ waitFor: 'prompt' }, 'int gi1 # x#\rno shut\r')
  assert.is(sends(), 'int gi1 # x#\r')
  hears('int gi1 # x#')
  assert.is(sends(), '')
  hears('\r\n%SYS-5: done\r\nsw1(config)')
  assert.ok(waitMs() > 1_000)
  hears('\x1b[1m#\x1b[0m ')
  assert.is(sends(), '')
  assert.is(waitMs(), 30)
  pass(30)
  assert.is(sends(), 'no shut\r')
})

test('waits for the prompt once: what is sent in the middle of a line has none', () => {
  const { sends, hears, pass, more } = pacer({ waitFor: 'prompt' }, 'a\rb')
  sends()
  hears('a\r\nsw1#')
  pass(30)
  assert.is(sends(), 'b')
  hears('b')
  more('c\r')
  assert.is(sends(), 'c\r')
})

test('never sends more characters than a small FIFO holds ahead of their echo', () => {
  const { sends, hears } = pacer({ waitFor: 'echo' }, `${'x'.repeat(40)}\rnext\r`)
  assert.is(sends().length, ECHO_WINDOW)
  hears('x'.repeat(10))
  assert.is(sends().length, 10)
  hears('%LINK-3-UPDOWN: up\r\n')
  assert.is(sends(), '')
  hears('x'.repeat(30))
  assert.is(sends(), 'xxxx\r'.padStart(15, 'x'))
  hears('x'.repeat(14))
  assert.is(sends(), '')
  hears('\r\nsw1#')
  assert.is(sends(), 'next\r')
})

test('is overdue when the target loses a character, and says how far it came', () => {
  const { one, sends, hears, pass, isOverdue } = pacer({ waitFor: 'echo' }, 'abc\rdef\r')
  sends()
  hears('ac\r\n')
  pass(10_003)
  assert.not(isOverdue())
  pass(1)
  assert.ok(isOverdue())
  assert.is(one.describeSilence(), 'the target did not echo all of a line within 10 s; 1 of 2 lines were sent')
})

test('a paste after one whose end had no answer does not wait for it', () => {
  const { sends, pass, more, isGoing } = pacer({ waitFor: 'prompt' }, 'reload\r')
  sends()
  pass(20_000)
  assert.not(isGoing())
  more('y\r')
  assert.is(sends(), 'y\r')
})

test('what is typed in between ends the wait for a prompt that has been there', () => {
  const { one, sends, hears, pass, more } = pacer({ waitFor: 'prompt' }, 'a\r')
  sends()
  hears('a\r\nsw1#')
  pass(1_500)
  one.interrupted()
  hears('typed')
  more('b\r')
  assert.is(sends(), 'b\r')
})

test('a target that does not answer for a second is stuck; one that answers is not', () => {
  const { sends, hears, pass, isStuck } = pacer({ waitFor: 'prompt' }, 'a\rb\r')
  sends()
  pass(500)
  assert.not(isStuck())
  hears('a\r\n--More--')
  pass(600)
  assert.ok(isStuck())
  hears('\r\nsw1#')
  pass(30)
  assert.not(isStuck())
})

test('the key for pacing goes through all choices, with the setting of the console once', () => {
  const configured = { ...NONE, waitFor: 'echo' as const }
  const seen: string[] = []
  for (let one: Pacing = configured; !seen.includes(describePacing(one)); one = pacingAfter(one, configured)) {
    seen.push(describePacing(one))
  }
  assert.equal(seen, [
    'wait for echo',
    'wait for prompt',
    'character delay 5 ms, line delay 200 ms',
    'character delay 20 ms, line delay 1000 ms',
    'none',
  ])
})

test('a prompt that people wrote is matched in linear time', () => {
  const config = (pastePrompt: string) => ({ ...consoleSchema.parse({ name: 'sw1', path: '/dev/x', pastePrompt }) })
  const { isPrompt } = pacingOf(config('(a+)+#$'))
  // With backtracking, this would take longer than the universe has.
  assert.not(isPrompt('a'.repeat(256)))
  assert.ok(isPrompt('aaa#'))
  const byDefault = pacingOf(consoleSchema.parse({ name: 'sw1', path: '/dev/x' })).isPrompt
  for (const line of ['Router#', 'Router(config)# ', 'Password:', '[confirm]']) assert.ok(byDefault(line), line)
  assert.not(byDefault('Building configuration...'))
})

test.run()
