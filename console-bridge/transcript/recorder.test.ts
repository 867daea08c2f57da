import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { Scrollback } from '../console/scrollback.ts'
import { ClockWatch } from './clock-watch.ts'
import { bytesOf, chunksOf } from './output-text.ts'
import { isOutput, parseLine } from './record.ts'
import { OutputRecorder } from './recorder.ts'

const test = suite('recorder')

/** A recorder that is told the time. @param capacityBytes of the scrollback */
function recorderAt(capacityBytes = 65_536) {
  let ms = 0
  const clock = { nowMs: () => ms, wallMs: () => Date.UTC(2026, 0, 1) + ms }
  const scrollback = new Scrollback(capacityBytes)
  const sink = {
    text: '',
    hasRoom: true,
    cause: undefined as string | undefined,
    add: (lines: string) => {
      sink.text += lines
    },
    wake: () => {},
  }
  const times = new ClockWatch(clock, () => true)
  const recorder = new OutputRecorder({ scrollback, nowMs: clock.nowMs, times, sink })
  const says = (output: string | Buffer) => {
    scrollback.append(Buffer.from(output as string))
    recorder.received()
  }
  const lines = () =>
    sink.text
      .split('\n')
      .slice(0, -1)
      .map(
        text =>
          parseLine(text) ?? ({ writtenMs: 0, quality: 'sync', kind: 'note', text: `no record: ${text}` } as const),
      )
  /** `0.120 out text` for each record. */
  const records = () => {
    recorder.finish()
    return sink.text.replaceAll('2026-01-01T00:00:0', '').replaceAll('Z sync', '').split('\n').slice(0, -1)
  }
  const output = () =>
    Buffer.concat(
      lines()
        .filter(isOutput)
        .map(({ text }) => bytesOf(text)),
    )
  return { recorder, sink, says, pass: (more: number) => (ms += more), records, lines, output }
}

test('a record ends at a line end', () => {
  const { says, records } = recorderAt()
  says('one\r\ntwo\nthr')
  says('ee\r\n')
  assert.equal(records(), ['0.000 out one\\x0d\\x0a', '0.000 out two\\x0a', '0.000 out three\\x0d\\x0a'])
})

test('a record ends after a second of silence, and begins with the time of its first byte', () => {
  const { says, pass, records } = recorderAt()
  says('Password: ')
  pass(1_000)
  says('\r\nok\r\n')
  assert.equal(records(), ['0.000 part Password: ', '1.000 out \\x0d\\x0a', '1.000 out ok\\x0d\\x0a'])
})

test('a record has the pauses inside it, and is told which were short', () => {
  const { says, pass, records } = recorderAt()
  says('s')
  pass(49)
  says('h')
  pass(200)
  says('o')
  pass(900)
  says('w\r\n')
  assert.equal(records(), ['0.000 out sh\\+249;o\\+900;w\\x0d\\x0a'])
})

test('a record ends at 4 KiB', () => {
  const { says, lines, recorder } = recorderAt()
  says('x'.repeat(9_000))
  recorder.finish()
  assert.equal(
    lines().map(({ kind, text }) => [kind, text.length]),
    [
      ['part', 4_096],
      ['part', 4_096],
      ['part', 808],
    ],
  )
})

test('a character that arrives in pieces stays one', () => {
  const { says, records } = recorderAt()
  for (const byte of Buffer.from('東a\n')) says(Buffer.from([byte]))
  says(Buffer.from('東').subarray(0, 2))
  assert.equal(records(), [`0.000 out ${Buffer.from('東').toString('latin1')}a\\x0a`, '0.000 part \\xe6\\x9d'])
})

test('an event stands after what was said before it', () => {
  const { says, recorder, records } = recorderAt()
  says('Switch>')
  recorder.happened('break', 'sent', { by: 'alice', ms: 300 })
  says('rommon\n')
  assert.equal(records(), ['0.000 part Switch>', '0.000 break sent by=alice ms=300', '0.000 out rommon\\x0a'])
})

test('while there is no room, output waits; what is overwritten meanwhile is a gap of that size', () => {
  const { says, sink, recorder, lines, output } = recorderAt(1_024)
  says('before\n')
  recorder.finish()
  sink.hasRoom = false
  sink.cause = 'no space left on device (ENOSPC)'
  for (let at = 0; at < 30; at++) says(`${String(at).padStart(99, ' ')}\n`)
  recorder.happened('session', 'begin', { id: 1 })
  says('after\n')
  assert.is(output().toString(), 'before\n')
  sink.hasRoom = true
  recorder.finish()
  assert.equal(
    lines()
      .filter(record => !isOutput(record))
      .map(({ kind, text }) => `${kind} ${text}`),
    [`gap missing bytes=${3_006 - 1_024} cause="no space left on device (ENOSPC)"`, 'session begin id=1'],
  )
  assert.is(output().length, 7 + 1_024)
  assert.ok(output().toString().endsWith(' 29\nafter\n'))
})

test('events without room are counted', () => {
  const { sink, recorder, lines } = recorderAt()
  sink.hasRoom = false
  for (let at = 0; at < 250; at++) recorder.happened('note', 'x')
  sink.hasRoom = true
  recorder.finish()
  assert.is(lines().length, 201)
  assert.is(lines().at(-1)?.text, 'missing events=50')
})

test('a clock that is set is a record, and what follows has the new time', () => {
  let wallMs = 1_000
  const times = new ClockWatch({ nowMs: () => 0, wallMs: () => wallMs }, () => false)
  assert.is(times.check(), 0)
  wallMs += 900
  assert.is(times.check(), 0)
  wallMs += 3_600_000
  assert.is(times.check(), 3_600_000)
  assert.is(times.wallOf(0), wallMs)
  assert.is(times.quality, 'guess')
  const { recorder, says, records } = recorderAt()
  says('a')
  recorder.clockSet(5_000)
  assert.equal(records(), ['0.000 clock set by_ms=5000', '0.000 part a'])
})

test('whatever is said in whatever pieces, the records give it back with its times', () => {
  const random = generator(7)
  const pieces = [
    '\r\n',
    '\n',
    'show run',
    '\x1b[2J',
    '東京',
    '\\',
    'é',
    '\xff',
    '\0',
    ' '.repeat(300),
    'x'.repeat(5_000),
    'l\r\n'.repeat(50),
  ]
  for (let round = 0; round < 200; round++) {
    const { says, pass, recorder, lines, output } = recorderAt()
    let said = Buffer.alloc(0)
    let now = 0
    for (let at = 0; at < 40; at++) {
      const piece = Buffer.from(pieces[random(pieces.length)] as string, random(2) ? 'utf8' : 'latin1')
      const cut = piece.subarray(0, 1 + random(piece.length))
      said = Buffer.concat([said, cut])
      says(cut)
      if (random(4) === 0) recorder.finish()
      if (random(3) === 0) now = pass(random(1_500))
    }
    recorder.finish()
    assert.equal(output(), said)
    const last = lines().filter(isOutput).at(-1)
    const pausesMs = [...chunksOf(last?.text ?? '')].reduce((sum, { afterMs }) => sum + afterMs, 0)
    const endMs = (last?.writtenMs ?? 0) + pausesMs - Date.UTC(2026, 0, 1)
    assert.ok(endMs <= now, `${endMs} is after ${now}`)
    for (const { text } of lines()) assert.ok(bytesOf(text).length <= 4_096)
  }
})

/** Numbers below a bound, always the same (Park and Miller). */
function generator(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
}

test.run()
