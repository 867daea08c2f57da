import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { escapeOdd, firstOther, oddCharacters, oddHint } from './odd-characters.ts'

const test = suite('odd characters')

const found = (text: string) => oddCharacters(text).map(({ position, name }) => `${position}: ${name}`)

test('finds what nobody sees', () => {
  const cases: [string, string[]][] = [
    ['a\u00a0b', ['2: U+00A0 (no-break space)']],
    ['\ufeffa\u200b', ['1: U+FEFF (byte order mark)', '3: U+200B (zero-width space)']],
    ['\u{1f600}\u200dx', ['2: U+200D (zero-width joiner)']],
    ['a\bb', ['2: U+0008 (backspace)']],
    ['a\u0001', ['2: U+0001 (control character)']],
    ['a\u2009b', ['2: U+2009 (a space, but not the plain one)']],
    ['\u202ea', ['1: U+202E (invisible)']],
    ['a\u2028b', ['2: U+2028 (invisible)']],
    ['a b\tc\r\nd', []],
  ]
  for (const [text, names] of cases) assert.equal(found(text), names, JSON.stringify(text))
})

test('finds a letter that looks like a Latin one among Latin ones, and leaves other scripts alone', () => {
  const cases: [string, string[]][] = [
    ['\u041effice', ['1: U+041E (Cyrillic, looks like O)']],
    ['c\u03bfre', ['2: U+03BF (Greek, looks like o)']],
    ['W\uff29-Fi', ['2: U+FF29 (full width, looks like I)']],
    ['\u041e\u0444\u0438\u0441', []],
    ['\u041e\u0444\u0438\u0441 Wi-Fi', []],
    ['\u03b1\u03b2\u03b3-guest', []],
    ['B\u00fcro', []],
    ['\u6771\u4eacOffice', []],
    ['Bob\u2019s phone', []],
  ]
  for (const [text, names] of cases) assert.equal(found(text), names, text)
})

test('writes them as escapes that mean the same, and says where plain ASCII ends', () => {
  assert.is(
    escapeOdd('ssid = "\u041e\u00a0B\u00fcro\u{e000}\u{100000}"\n'),
    'ssid = "\\u041E\\u00A0B\u00fcro\\uE000\\U00100000"\n',
  )
  assert.is(oddHint('core-sw1'), '')
  assert.is(oddHint('c\u043ere'), ' (character 2 is U+043E (Cyrillic, looks like o))')
  assert.equal(firstOther('abc', /[a-b]/), { index: 2, position: 3, name: 'U+0063', escaped: '\\u0063' })
})

test.run()
