import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { LinePrompt } from './line-prompt.ts'

const test = suite('line prompt')

const CASES: [typed: string, result: string][] = [
  ['hello\r', 'hello'],
  ['hello\n', 'hello'],
  ['helo\x7flo\r', 'hello'],
  ['helo\x08lo\r', 'hello'],
  ['\x7f\x7fa\r', 'a'],
  ['gone\x15here\r', 'here'],
  ['a\x01\x07\tb\r', 'ab'],
  ['grün 再\r', 'grün 再'],
  ['hello\x03', 'cancelled'],
  ['hello\x1b', 'cancelled'],
  ['hello', 'more'],
]

test('reads a line, wherever the input is cut', () => {
  for (const [typed, expected] of CASES) {
    const bytes = Buffer.from(typed)
    for (let cut = 0; cut < bytes.length; cut++) {
      const prompt = new LinePrompt()
      prompt.feed(bytes.subarray(0, cut))
      const result = prompt.feed(bytes.subarray(cut))
      assert.is(result.kind === 'done' ? result.line : result.kind, expected, JSON.stringify(typed))
    }
  }
})

test('echoes what is taken, and counts what comes after the line', () => {
  assert.equal(new LinePrompt().feed(Buffer.from('a\x1fb\x7f')), { kind: 'more', echo: 'ab\b \b' })
  assert.equal(new LinePrompt().feed(Buffer.from('a\rreload\r')), { kind: 'done', echo: 'a', line: 'a', rest: 7 })
  assert.equal(new LinePrompt().feed(Buffer.from('\x1b[A')), { kind: 'cancelled', echo: '', rest: 2 })
})

test.run()
