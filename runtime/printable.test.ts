import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { asciiJson, printable } from './printable.ts'

const test = suite('printable')

test('leaves no character that a terminal obeys', () => {
  for (let code = 0; code < 0x3000; code++) {
    const shown = printable(String.fromCodePoint(code))
    assert.not.match(shown, /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/, code.toString(16))
  }
  assert.is(printable('\x1b]0;owned\x07\x1b[2J\u009b2J\r\nx\u202Ey'), '?]0;owned??[2J?2J??x?y')
  assert.is(printable('\ud800x'), '?x')
})

test('JSON means the same, and has nothing but printable ASCII', () => {
  const value = { 'schl\u00fcssel': ['\x1b[2J\u009b\u202e\n\u007f\u{1f642}', '\ud800'] }
  assert.match(asciiJson(value), /^[ -~]+$/)
  assert.match(asciiJson(value, 2), /^\{\n {2}[ -~]+\n[ -~\n]+\}$/)
  for (const indent of [undefined, 2]) assert.equal(JSON.parse(asciiJson(value, indent)), value)
})

test('keeps what people write', () => {
  assert.is(printable('tokyo – 東京 – Zürich 🙂'), 'tokyo – 東京 – Zürich 🙂')
})

test('cuts what is too long, between characters', () => {
  assert.is(printable('🙂🙂🙂🙂', 3), '🙂🙂…')
  assert.is([...printable('x'.repeat(10_000))].length, 200)
})

test.run()
