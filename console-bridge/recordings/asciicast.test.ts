import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { type CastOptions, castOf } from './asciicast.ts'
import type { Recorded } from './recorded.ts'

const test = suite('asciicast')
const BEGAN_MS = 1_800_000_000_500

async function* eventsOf(events: Recorded[]): AsyncGenerator<Recorded> {
  yield* events
}

async function cast(events: Recorded[], more: Partial<CastOptions> = {}): Promise<string> {
  let text = ''
  for await (const line of castOf(eventsOf(events), { title: 'core-sw1', size: undefined, ...more })) text += line
  return text
}

const output = (afterMs: number, ...bytes: number[]): Recorded => ({
  ...{ kind: 'output', atMs: BEGAN_MS + afterMs, bytes: Buffer.from(bytes) },
})

test('has a header and an event a line, with seconds since the beginning', async () => {
  const events: Recorded[] = [
    { kind: 'begin', atMs: BEGAN_MS },
    output(248, ...Buffer.from('\x1b[1mhi\r\n"\\')),
    { kind: 'size', atMs: BEGAN_MS + 1_000, size: { columns: 132, rows: 50 } },
    { kind: 'mark', atMs: BEGAN_MS + 3_600_001, text: 'end: alice left' },
  ]
  assert.is(
    await cast(events, { size: { columns: 100, rows: 30 }, note: 'the beginning is missing' }),
    [
      '{"version":2,"width":100,"height":30,"timestamp":1800000000,"title":"core-sw1"}',
      '[0,"m","the beginning is missing"]',
      '[0.248,"o","\\u001b[1mhi\\r\\n\\"\\\\"]',
      '[1,"r","132x50"]',
      '[3600.001,"m","end: alice left"]',
      '',
    ].join('\n'),
  )
})

test('a session without a terminal is 80x24; nothing at all is no file', async () => {
  assert.match(await cast([{ kind: 'begin', atMs: BEGAN_MS }]), /^\{"version":2,"width":80,"height":24,[^\n]*\n$/)
  assert.is(await cast([]), '')
})

test('a character in two pieces is whole, and bytes that are none are replaced', async () => {
  const bytes = [...Buffer.from('\ufeffé漢😀'), 0xff, 0x41, 0xe6, 0xbc]
  for (let split = 0; split <= bytes.length; split++) {
    const text = await cast([output(0, ...bytes.slice(0, split)), output(1, ...bytes.slice(split))])
    const data = text
      .split('\n')
      .slice(1, -1)
      .map(line => JSON.parse(line)[2])
    assert.is(data.join(''), '\ufeffé漢😀\ufffdA\ufffd', `split at ${split}`)
    assert.not.ok(data.includes(''))
  }
})

test('a terminal that shows the file obeys nothing in it', async () => {
  const text = await cast([output(0, ...Buffer.from('\x1b]0;x\x07\u009b31m\x7f\u2028'))], { title: 'a\u009bb' })
  assert.not.match(text.replaceAll('\n', ''), /[\x00-\x1f\x7f-\x9f\u2028]/)
  assert.is(JSON.parse(text.split('\n')[1] ?? '')[2], '\x1b]0;x\x07\u009b31m\x7f\u2028')
})

test.run()
