import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { AnswerText } from './answer-text.ts'

const test = suite('the text of an answer')

const CASES: [said: string, lines: string, last: string][] = [
  ['one\r\ntwo\r\nsw1#', 'one\ntwo\n', 'sw1#'],
  ['one\r\r\ntwo\n\rsw1#', 'one\ntwo\n', 'sw1#'],
  ['10%\r20%\r100%\r\n', '100%\n', ''],
  ['longer\rshort\r\n', 'short\n', ''],
  ['--More--\r(END)', '', '(END)'],
  ['ab\b\bc\r\n', 'cb\n', ''],
  ['\b\b\bx', '', 'x'],
  ['  indented\r\n\tT\r\n\r\n', '  indented\n\tT\n\n', ''],
]

test('is what a terminal would show, wherever it is cut', () => {
  for (const [said, lines, last] of CASES) {
    for (let at = 0; at <= said.length; at++) {
      const answer = new AnswerText()
      assert.is(answer.feed(said.slice(0, at)) + answer.feed(said.slice(at)), lines, said)
      assert.is(answer.last, last)
    }
  }
})

const ERASED: [after: string, lines: string][] = [
  [`${'\b'.repeat(9)}${' '.repeat(9)}${'\b'.repeat(9)}  two\r\n`, '  two\n'],
  ['\r          \r  two\r\n', '  two\n'],
  ['\r  two\r\n', '  two\n'],
  ['  two\r\n', '  two\n'],
  ['\r\ntwo\r\n', '\ntwo\n'],
]

test('has neither a pager nor what erases it, but what it indents', () => {
  for (const [after, lines] of ERASED) {
    for (let at = 0; at <= after.length; at++) {
      const answer = new AnswerText()
      answer.feed('one\r\n --More-- ')
      answer.dropPager()
      assert.is(answer.feed(after.slice(0, at)) + answer.feed(after.slice(at)), lines, JSON.stringify(after))
    }
  }
})

test('keeps a bounded part of an endless line', () => {
  const answer = new AnswerText()
  let out = ''
  for (let n = 0; n < 100; n++) out += answer.feed('x'.repeat(10_000))
  assert.ok(answer.last.length <= 65_536)
  assert.is(out.length + answer.last.length, 1_000_000)
})

test.run()
