import * as assert from 'uvu/assert'
import { suite } from '../../../../testbed/suite.ts'
import { countAt, createCast, EVENTS_MAX, sizeOf } from './cast.ts'

const test = suite('a recording in the desk’s page')
const HEADER = '{"version":2,"width":100,"height":30,"timestamp":1800000000,"title":"sw1, recording 3: é"}\n'
const FILE = `${HEADER}[0,"o","he"]\n[0.5,"o","llo\\r\\n"]\n[60,"m","BREAK sent"]\n[60.2,"r","132x50"]\n[61,"o","漢"]\n`

function read(text: string, split = 0) {
  const { cast, feed, end } = createCast()
  const bytes = new TextEncoder().encode(text)
  feed(bytes.subarray(0, split))
  feed(bytes.subarray(split))
  end()
  return cast
}

test('is the same wherever its file is divided, and its pauses are short', () => {
  const whole = read(FILE)
  assert.equal([whole.size, whole.title, whole.beganAtMs], [{ cols: 100, rows: 30 }, 'sw1, recording 3: é', 1.8e12])
  assert.equal(
    whole.events.map(({ atMs, realMs, kind, text }) => [atMs, realMs, kind, text]),
    [
      [0, 0, 'o', 'he'],
      [500, 500, 'o', 'llo\r\n'],
      [2_500, 60_000, 'm', 'BREAK sent'],
      [2_700, 60_200, 'r', '132x50'],
      [3_500, 61_000, 'o', '漢'],
    ],
  )
  for (let split = 0; split <= new TextEncoder().encode(FILE).length; split++) assert.equal(read(FILE, split), whole)
})

test('has of a hostile file what is an event, and no screen that is too large', () => {
  const { size, events, strange } = read(
    '{"version":2,"width":1e9,"height":-1,"title":{"x":1}}\nnot json\n[1]\n["1","o","x"]\n[1,"i","typed"]\n[1e999,"o","x"]\n[5,"o","a"]\n[-9,"o","b"]\n[7,"o","cut',
  )
  assert.equal(size, { cols: 80, rows: 24 })
  assert.is(strange, 5)
  assert.equal(
    events.map(({ atMs, text }) => [atMs, text]),
    [
      [0, 'a'],
      [0, 'b'],
    ],
  )
  assert.equal(sizeOf('99999x3'), { cols: 500, rows: 3 })
  for (const text of ['', '0x0', 'x', '80x24;', '80x']) assert.is(sizeOf(text), undefined, text)
})

test('shows at a moment what came until then', () => {
  const { events } = read(FILE)
  assert.equal(
    [-1, 0, 499, 500, 2_600, 1e9].map(ms => countAt(events, ms)),
    [0, 1, 1, 2, 3, 5],
  )
})

test('of many short events keeps as many as a page can hold', () => {
  const { events, strange } = read(`${HEADER}${'[1,"o",""]\n'.repeat(EVENTS_MAX + 7)}`)
  assert.equal([events.length, strange], [EVENTS_MAX, 7])
})

test.run()
