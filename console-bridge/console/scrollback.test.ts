import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { Scrollback } from './scrollback.ts'

const test = suite('scrollback')

/** Everything that a reader at `position` gets, `step` bytes at a time. */
function readAll(ring: Scrollback, position: number, step: number): { text: string; missedBytes: number } {
  let text = ''
  let missedBytes = 0
  for (;;) {
    const read = ring.read(position, step)
    missedBytes += read.missedBytes
    if (read.bytes.length === 0) return { text, missedBytes }
    text += read.bytes
    position = read.next
  }
}

test('gives every reader the same bytes, however they are written and read', () => {
  const text = 'abcdefghijklmnopqrstuvwxyz'
  for (let size = 1; size <= 12; size++) {
    for (let step = 1; step <= 13; step++) {
      const ring = new Scrollback(size)
      for (let at = 0; at < text.length; at += step) ring.append(Buffer.from(text.slice(at, at + step)))
      assert.equal(readAll(ring, 0, step), { text: text.slice(-size), missedBytes: text.length - size })
      assert.equal(readAll(ring, ring.end, step), { text: '', missedBytes: 0 })
    }
  }
})

test('reports to a slow reader how much it missed', () => {
  const ring = new Scrollback(8)
  ring.append(Buffer.from('12345'))
  const quick = ring.read(0, 100)
  assert.equal(quick, { bytes: Buffer.from('12345'), missedBytes: 0, next: 5 })
  ring.append(Buffer.from('6789ab'))
  assert.equal(ring.read(quick.next, 100), { bytes: Buffer.from('6789ab'), missedBytes: 0, next: 11 })
  assert.equal(ring.read(0, 100), { bytes: Buffer.from('456789ab'), missedBytes: 3, next: 11 })
})

test('returns copies that later output does not change', () => {
  const ring = new Scrollback(4)
  ring.append(Buffer.from('abcd'))
  const { bytes } = ring.read(0, 4)
  ring.append(Buffer.from('wxyz'))
  assert.is(bytes.toString(), 'abcd')
})

const TAILS: [text: string, lines: number, maxBytes: number, tail: string][] = [
  ['', 3, 99, ''],
  ['one', 3, 99, 'one'],
  ['one\ntwo\n', 1, 99, 'two\n'],
  ['one\ntwo\nthr', 1, 99, 'thr'],
  ['one\ntwo\nthr', 2, 99, 'two\nthr'],
  ['one\n\n\n', 2, 99, '\n\n'],
  ['one\ntwo\n', 9, 99, 'one\ntwo\n'],
  ['one\ntwo\n', 9, 3, 'wo\n'],
]

test('finds the last lines', () => {
  for (const [text, lines, maxBytes, tail] of TAILS) {
    const ring = new Scrollback(64)
    ring.append(Buffer.from(text))
    assert.is(readAll(ring, ring.lastLines(lines, maxBytes), 64).text, tail, JSON.stringify([text, lines, maxBytes]))
  }
})

test('finds the last lines of what is left', () => {
  const ring = new Scrollback(6)
  ring.append(Buffer.from('first\nse\nth\n'))
  assert.is(readAll(ring, ring.lastLines(9, 99), 64).text, 'se\nth\n')
})

test.run()
