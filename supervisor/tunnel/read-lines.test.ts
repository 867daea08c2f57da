import { PassThrough } from 'node:stream'
import * as assert from 'uvu/assert'
import { LINE_MAX } from '../../formats/control-protocol.ts'
import { suite } from '../../testbed/suite.ts'
import { settle } from '../ssh/testing/scripted-connection.ts'
import { readLines } from './read-lines.ts'

const test = suite('read-lines')
const ever = () => new AbortController().signal

test('gives the lines in their order, at whichever point the bytes are cut', async () => {
  const said = Buffer.from('claimed\n\nmäintenance off\n')
  for (let at = 0; at <= said.length; at++) {
    const stream = new PassThrough()
    const lines = readLines(stream)
    const first = lines.next(ever())
    stream.write(said.subarray(0, at))
    await settle()
    stream.end(said.subarray(at))
    const read = [await first, await lines.next(ever()), await lines.next(ever())]
    assert.equal(read, ['claimed', '', 'mäintenance off'], `cut at ${at}`)
    assert.is(await lines.next(ever()), undefined)
    assert.ok(lines.ended)
  }
})

test('a line that waits for its end is none', async () => {
  const stream = new PassThrough()
  const lines = readLines(stream)
  stream.end('claimed')
  assert.is(await lines.next(ever()), undefined)
})

test('what was said before the end is read after it', async () => {
  const stream = new PassThrough()
  const lines = readLines(stream)
  stream.end('one\ntwo\n')
  await settle()
  assert.not(lines.ended, 'two lines wait')
  assert.is(await lines.next(ever()), 'one')
  assert.is(await lines.next(ever()), 'two')
  assert.ok(lines.ended)
})

for (const end of ['close', 'error'] as const) {
  test(`a reader that waits is told of the end by ${end}`, async () => {
    const stream = new PassThrough()
    const lines = readLines(stream)
    const next = lines.next(ever())
    stream.destroy(end === 'error' ? new Error('broken') : undefined)
    assert.is(await next, undefined)
    assert.ok(lines.ended)
  })
}

test('an abort gives nothing, also one before the call, and takes no line away', async () => {
  const stream = new PassThrough()
  const lines = readLines(stream)
  const over = new AbortController()
  const next = lines.next(over.signal)
  over.abort()
  assert.is(await next, undefined)
  assert.is(await lines.next(AbortSignal.abort()), undefined)
  stream.write('claimed\n')
  await settle()
  assert.is(await lines.next(AbortSignal.abort()), undefined)
  assert.not(lines.ended)
  assert.is(await lines.next(ever()), 'claimed')
})

test('the beginning of an over-long line is all that is kept of it, however it comes', async () => {
  for (const size of [1_000, LINE_MAX, LINE_MAX * 3]) {
    const stream = new PassThrough()
    const lines = readLines(stream)
    for (let sent = 0; sent < LINE_MAX * 6; sent += size) stream.write('x'.repeat(size))
    stream.write('\nnext\n')
    assert.is((await lines.next(ever()))?.length, LINE_MAX)
    assert.is(await lines.next(ever()), 'next')
  }
})

test('an over-long line in one piece is cut, too', async () => {
  const stream = new PassThrough()
  const lines = readLines(stream)
  stream.write(`${'x'.repeat(LINE_MAX + 1)}\nnext\n`)
  assert.is((await lines.next(ever()))?.length, LINE_MAX)
  assert.is(await lines.next(ever()), 'next')
})

test(
  'a line without end costs no memory, and no time that grows with it',
  async () => {
    const stream = new PassThrough()
    const lines = readLines(stream)
    const piece = 'x'.repeat(16_384)
    for (let sent = 0; sent < 400; sent++) stream.write(piece)
    stream.end('\n')
    assert.is((await lines.next(ever()))?.length, LINE_MAX)
  },
  { timeoutMs: 5_000 },
)

test('a flood is paused until its lines are read, and none is lost', async () => {
  const stream = new PassThrough({ highWaterMark: 64 })
  const lines = readLines(stream)
  const total = 1_000
  let taken = 0
  const write = () => {
    while (taken < total && stream.write(`${taken++}\n`.padStart(16))) {}
  }
  stream.on('drain', write)
  write()
  await settle()
  assert.ok(stream.isPaused())
  assert.ok(taken < 120, `${taken} lines were taken in, and nobody reads`)
  for (let line = 0; line < total; line++) assert.is((await lines.next(ever()))?.trim(), String(line))
  assert.not(stream.isPaused())
})

test.run()
