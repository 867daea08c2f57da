import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { Harmless } from './harmless.ts'

const test = suite('harmless output')

/** The same at every split point. */
function check(input: string | Buffer, expected: string, alternate = false): void {
  const bytes = Buffer.from(input)
  for (let split = 0; split <= bytes.length; split++) {
    const harmless = new Harmless()
    const out = Buffer.concat([harmless.feed(bytes.subarray(0, split)), harmless.feed(bytes.subarray(split))])
    assert.is(out.toString(), expected, `${JSON.stringify(input.toString())} split at ${split}`)
    assert.is(harmless.isAlternate, alternate)
  }
}

test('keeps text, colours, cursor movements and screens', () => {
  for (const same of [
    'Router> \r\n\b\t\x07',
    '\x1b[1;31mred\x1b[0m\x1b[2J\x1b[H\x1b[10;20Hx\x1b[K\x1b[5A\x1b[?25l',
    '\x1b(0lqk\x1b(B\x1b7\x1b8\x1bM\x1bc\x1b[5;10r\x1b[2 q',
    'café 漢 😀 ─',
  ])
    check(same, same)
  check('\x1b[?1049hmenu', '\x1b[?1049hmenu', true)
  check('\x1b[?47h\x1b[?1;47l', '\x1b[?47h\x1b[?1;47l')
})

test('drops what a terminal answers, and what changes its keys', () => {
  const asks = [
    ...['[6n', '[5n', '[?6n', '[c', '[0c', '[>c', '[=c', 'Z', '[x', '[?25$p', '[4$p', '[1$w', '[18t', '[21t', '[>q'],
    ...['[>0q', '[?u', '[>1u', '[>4;2m', '[1$u'],
  ]
  for (const ask of asks) check(`a\x1b${ask}b`, 'ab')
  check('a\x05b', 'ab')
  check('a\x1b[6\x05\r\nnb', 'a\r\nb')
})

test('drops control strings, up to a newline where they have no end', () => {
  for (const [begin, end] of [
    [']0;title', '\x07'],
    [']11;?', '\x1b\\'],
    ['P$qm', '\x1b\\'],
    ['_x', '\x1b\\'],
    ['^x', '\x1b\\'],
    ['Xx', '\x1b\\'],
    ['kx', '\x1b\\'],
  ])
    check(`a\x1b${begin}${end}b`, 'ab')
  check('a\x1b]0;never ended\nb', 'ab')
  assert.is(new Harmless().feed(Buffer.from(`\x1bP${'x'.repeat(5_000)}`)).length, 5_000 - 4_097)
})

test('8-bit controls are none, in UTF-8 and alone', () => {
  check(Buffer.from([0x61, 0x9b, 0x36, 0x6e, 0x62]), 'a6nb')
  check('a\u009b6nb', 'a6nb')
  check('\u00a0\u00b5\u00e9', '\u00a0\u00b5\u00e9')
  check(Buffer.from([0xc2, 0x61, 0xc2, 0xc2, 0xa0, 0x62]), Buffer.from([0xc2, 0x61, 0xc2, 0xc2, 0xa0, 0x62]).toString())
})

test.run()
