import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { quickClock } from '../testing/quick-clock.ts'
import { play } from './play.ts'
import type { Recorded } from './recorded.ts'

const test = suite('play')
const RESET = /\x1b\[!p[^\n]*\x1b\[0m\r\n$/

/** Plays events, each so many milliseconds after the first. */
async function played(
  events: [afterMs: number, text: string][],
  { speed = 1, endAtMs = Number.POSITIVE_INFINITY } = {},
) {
  const clock = quickClock()
  const beganMs = clock.nowMs()
  const over = new AbortController()
  if (endAtMs < Number.POSITIVE_INFINITY) void clock.sleep(endAtMs, over.signal).then(() => over.abort())
  async function* recorded(): AsyncGenerator<Recorded> {
    for (const [afterMs, text] of events) {
      if (text.startsWith('!')) yield { kind: 'mark', atMs: 5_000 + afterMs, text: text.slice(1) }
      else yield { kind: 'output', atMs: 5_000 + afterMs, bytes: Buffer.from(text) }
    }
  }
  const shown: [number, string][] = []
  const write = async (bytes: Buffer) => {
    shown.push([clock.nowMs() - beganMs, bytes.toString()])
  }
  const count = await play(recorded(), { speed, clock, over: over.signal, write })
  return { count, shown }
}

test('shows each piece at its time, with pauses of two seconds at most', async () => {
  const { shown, count } = await played([
    [0, 'a'],
    [500, 'b'],
    [60_500, 'c'],
    [60_600, '!bob sent BREAK'],
  ])
  assert.is(count, 4)
  assert.equal(shown.slice(0, 4), [
    [0, 'a'],
    [500, 'b'],
    [2_500, 'c'],
    [2_600, '\r\n[oobm: bob sent BREAK]\r\n'],
  ])
  assert.match(shown[4]?.[1] ?? '', RESET)
})

test('is as many times as fast as asked for', async () => {
  const { shown } = await played(
    [
      [0, 'a'],
      [1_000, 'b'],
      [60_000, 'c'],
    ],
    { speed: 4 },
  )
  assert.equal(
    shown.slice(0, 3).map(([atMs]) => atMs),
    [0, 250, 750],
  )
})

test('ends when told to, and leaves the terminal as it should be', async () => {
  const { shown } = await played(
    [
      [0, '\x1b[?1049hmenu'],
      [1_000, 'b'],
      [2_000, 'c'],
    ],
    { endAtMs: 1_500 },
  )
  assert.is(shown.length, 3)
  assert.match(shown[2]?.[1] ?? '', /^\x1b\[\?1049l\x1b\[!p/)
})

test('writes nothing at all when nothing is left', async () => {
  assert.equal(await played([]), { count: 0, shown: [] })
})

test.run()
