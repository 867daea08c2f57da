import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { fitWidth, textWidth } from './width.ts'

const test = suite('width of text')

test('counts columns: wide characters have two, marks none', () => {
  const cases: [string, number][] = [
    ['', 0],
    ['core-sw1', 8],
    ['東京', 4],
    ['Tōkyō', 5],
    ['To\u0304kyo\u0304', 5],
    ['ｶﾅ', 2],
    ['🙂', 2],
    ['한글', 4],
    ['…', 1],
  ]
  for (const [text, width] of cases) assert.is(textWidth(text), width, text)
})

test('makes exactly so many columns, and cuts no wide character in half', () => {
  const cases: [string, number, string][] = [
    ['abc', 5, 'abc  '],
    ['abcdef', 5, 'abcd…'],
    ['東京', 5, '東京 '],
    ['東京都', 5, '東京…'],
    ['東京都', 4, '東… '],
    ['東京', 1, '…'],
    ['abc', 0, ''],
  ]
  for (const [text, columns, fitted] of cases) assert.is(fitWidth(text, columns), fitted, text)
  for (let columns = 0; columns < 12; columns++) {
    assert.is(textWidth(fitWidth('a東b京e\u0304🙂x', columns)), columns)
  }
})

test.run()
