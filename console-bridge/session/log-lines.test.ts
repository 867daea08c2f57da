import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { textOf } from '../transcript/output-text.ts'
import type { TranscriptRecord } from '../transcript/record.ts'
import { describeEvent, LogLines } from './log-lines.ts'
import { shownLine } from './shown-line.ts'

const test = suite('lines of a log')

function record(kind: TranscriptRecord['kind'], said: string, position = 0, atMs = 0): TranscriptRecord {
  const text = kind === 'out' || kind === 'part' ? textOf(Buffer.from(said)) : said
  return { kind, text, position, next: position + 1, atMs, writtenMs: atMs, quality: 'sync' }
}

function texts(...records: TranscriptRecord[]): string[] {
  const lines = new LogLines()
  return [...records.flatMap(one => lines.feed(one)), ...lines.end()].map(({ text }) => text)
}

test('a line has time, quality, text and place', () => {
  const lines = new LogLines()
  assert.equal(lines.feed(record('out', 'grüße\r\n', 7, Date.UTC(2026, 10, 26, 4, 20, 7, 5))), [
    { position: 7, time: '2026-11-26 04:20:07.005Z', text: 'grüße' },
  ])
  assert.is(lines.feed({ ...record('out', 'x\n'), quality: 'guess' })[0]?.time, '1970-01-01 00:00:00.000?')
})

test('parts of a line are one, with the time of the first', () => {
  const lines = new LogLines()
  assert.equal(lines.feed(record('part', 'Switch', 1, 1_000)), [])
  assert.equal(lines.feed(record('out', '#show\r\n', 2, 2_000)), [
    { position: 1, time: '1970-01-01 00:00:01.000Z', text: 'Switch#show' },
  ])
})

test('control sequences do not reach the reader, wherever the records are cut', () => {
  const said = 'a\x1b[31mred\x1b]0;title\x07\x1b[6n é\\x\r\nb\r\n'
  const bytes = Buffer.from(said)
  for (let cut = 0; cut <= bytes.length; cut++) {
    const [first, second] = [bytes.subarray(0, cut), bytes.subarray(cut)].map(part => ({
      ...record('part', ''),
      text: textOf(part),
    }))
    assert.equal(texts(first as TranscriptRecord, second as TranscriptRecord), ['ared é\\x', 'b'], `cut at ${cut}`)
  }
})

test('an event stands between the halves of a line, and an empty line is one', () => {
  assert.equal(
    texts(
      record('part', 'Switch>'),
      record('break', 'sent by=alice ms=300'),
      record('out', '\r\n'),
      record('out', 'rommon\r\n'),
    ),
    ['Switch>', '[oobm: alice sent BREAK, 300 ms]', '', 'rommon'],
  )
})

test('after a gap, the rest of a sequence is not shown', () => {
  assert.equal(
    texts(record('gap', 'missing bytes=9'), record('out', '31mred\r\n'), record('out', 'next\r\n')).slice(1),
    ['next'],
  )
})

test('a line without an end is cut', () => {
  assert.equal(
    texts(...Array.from({ length: 5 }, () => record('part', 'x'.repeat(4_096)))).map(({ length }) => length),
    [3 * 4_096, 2 * 4_096],
  )
})

const SHOWN: [string, string][] = [
  ['plain', 'plain'],
  ['10%\r50%\r100%', '100%'],
  ['show vex\br', 'show ver'],
  [` --More-- ${'\b'.repeat(10)}${' '.repeat(10)}${'\b'.repeat(10)}interface`, 'interface'],
  ['line\r', 'line'],
  ['\b\bx', 'x'],
]
for (const [text, shown] of SHOWN)
  test(`shows ${JSON.stringify(text)} as a terminal`, () => assert.is(shownLine(text), shown))

test('each kind of event is a sentence', () => {
  const cases: [Parameters<typeof describeEvent>[0], string, string | undefined][] = [
    ['session', 'begin id=1 by=alice', 'alice joined'],
    ['session', 'end id=1 by="alice (via relay)"', 'alice (via relay) left'],
    ['keyboard', 'taken id=2 by=bob from=alice', 'bob took over typing from alice'],
    ['keyboard', 'free id=2 by=bob', 'bob types now'],
    ['keyboard', 'released id=2 by=bob', 'bob no longer types'],
    ['session', 'size id=1 size=100x30', undefined],
    ['line', 'set settings="19200 8N1" by=bob', 'bob set the line to 19200 8N1'],
    ['line', 'set settings="19200 8N1"', 'the line was set to 19200 8N1'],
    [
      'transfer',
      'end by=bob as="xmodem send" bytes=2819 seconds=7 how=done',
      'bob transferred a file (xmodem send), 2819 bytes in 7 s: done',
    ],
    ['transfer', 'end by=bob as="xmodem send" how="cut off"', 'bob transferred a file (xmodem send): cut off'],
    ['note', 'on by=bob text="do not reboot"', 'bob left a note: do not reboot'],
    ['note', 'off by=bob', 'bob took the note off'],
    ['note', 'on_leave bytes=6', 'the last operator left: what on_leave says was sent to the target'],
    ['break', 'failed by=bob ms=300 cause="the line is closed"', 'a BREAK of bob was not sent: the line is closed'],
    ['break', 'sent by=bob ms=300 times=7', 'bob sent BREAK, 300 ms, 7 times'],
    ['power', 'on by=bob outlets=a', 'bob switches on the power of the target (a)'],
    ['power', 'cycle by=bob outlets="a, b"', 'bob cycles the power of the target (a, b)'],
    ['power', 'done by=bob', 'the power is switched, as bob asked'],
    ['power', 'failed by=bob cause="a does not answer"', 'the power is not as bob asked: a does not answer'],
    ['line', 'open settings="9600 8N1"', 'the line is open, 9600 8N1'],
    ['line', 'closed cause=unplugged', 'the line is closed: unplugged'],
    ['gap', 'missing bytes=12 cause=x', '12 bytes are missing here: x'],
    ['gap', 'missing events=3', '3 events are missing here'],
    ['gap', 'missing cause=x', 'output may be missing here: x'],
    ['clock', 'set by_ms=-1500', 'the clock was set by -1.5 s; the times above are corrected'],
    ['bridge', 'started boot=x', 'the console bridge started'],
    ['bridge', 'continues boot=x', undefined],
    ['note', 'whatever it is', 'whatever it is'],
  ]
  for (const [kind, text, sentence] of cases) assert.is(describeEvent(kind, text), sentence)
})

test.run()
