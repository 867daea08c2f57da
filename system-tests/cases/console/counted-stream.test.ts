import type { Socket } from 'node:net'
import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { CountedStream, FLOOD } from './counted-stream.ts'

const test = suite('a counted stream')

/** A socket that takes all. */
const sink = { write: () => true } as unknown as Socket

test('knows when each byte was sent, and goes on behind what arrived', async () => {
  const stream = new CountedStream()
  const beforeMs = performance.now()
  await stream.flood(sink, 10_000)
  const { length } = stream.bytes
  assert.ok(length >= 10_000)
  assert.ok(stream.sentAtMs(0) >= beforeMs && stream.sentAtMs(length - 1) >= stream.sentAtMs(0))
  const arrived = stream.bytes.subarray(0, 9_000)
  stream.cutAt(9_000)
  assert.ok(stream.bytes.equals(arrived))
  const laterMs = performance.now()
  await stream.flood(sink, 100)
  assert.ok(stream.bytes.subarray(0, 9_000).equals(arrived))
  assert.ok(stream.sentAtMs(9_000) >= laterMs, 'the lost bytes do not count')
  assert.ok(stream.sentAtMs(8_999) < laterMs)
  const numbers = [...`${stream.bytes}`.matchAll(/^(\d+) %LINK/gm)].map(([, number]) => Number(number))
  assert.is(new Set(numbers).size, numbers.length, 'no number comes twice')
})

test('ends with its signal', async () => {
  const stream = new CountedStream()
  await stream.keepSending(sink, FLOOD, AbortSignal.abort())
  assert.is(stream.bytes.length, 0)
  assert.throws(() => stream.sentAtMs(0), /nothing was sent/)
})

test.run()
