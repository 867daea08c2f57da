import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { PlainText } from './plain-text.ts'

const test = suite('plain text')
const ESC = '\x1b'

/** What a terminal would answer, or take as an order, and the text that is left of it. */
const CASES: [what: string, said: string, text: string][] = [
  ['text', 'Router#show clock\r\n*12:00\r\n\tx\b \b', 'Router#show clock\r\n*12:00\r\n\tx\b \b'],
  ['status and cursor reports', `a${ESC}[5n${ESC}[6n${ESC}[?6n${ESC}[?15nb`, 'ab'],
  ['device attributes', `a${ESC}[c${ESC}[0c${ESC}[>c${ESC}[>0c${ESC}[=c${ESC}Zb`, 'ab'],
  ['edits', `a${ESC}[5@${ESC}[2P${ESC}[3~b`, 'ab'],
  ['terminal parameters', `a${ESC}[x${ESC}[1xb`, 'ab'],
  ['DECRQM', `a${ESC}[?2026$p${ESC}[4$pb`, 'ab'],
  ['DECRQSS and XTGETTCAP', `a${ESC}P$q"p${ESC}\\b${ESC}P+q544e${ESC}\\c`, 'abc'],
  ['OSC queries', `a${ESC}]10;?\x07b${ESC}]4;1;?${ESC}\\c${ESC}]52;c;?\x07d`, 'abcd'],
  ['window reports and operations', `a${ESC}[14t${ESC}[18t${ESC}[21t${ESC}[8;24;80tb`, 'ab'],
  ['XTVERSION, kitty’s keyboard', `a${ESC}[>q${ESC}[?ub`, 'ab'],
  ['ENQ, bells and shifts', 'a\x05\x07\x0e\x0f\x00\x0b\x0c\x7fb', 'ab'],
  [
    'APC, PM, SOS, a title of screen',
    `a${ESC}_Ga=q;x${ESC}\\b${ESC}^p${ESC}\\c${ESC}Xs${ESC}\\d${ESC}ktitle${ESC}\\e`,
    'abcde',
  ],
  ['8-bit forms', 'a\x9b6n\x9bc\x9b>c\x90$q"p\x9cb\x9d10;?\x07c\x9ad', 'abcd'],
  ['modes', `a${ESC}[?1049h${ESC}[?1000h${ESC}[?2004h${ESC}[?25l${ESC}[5;20r${ESC}[4h${ESC}=b`, 'ab'],
  [
    'character sets, colours, resets',
    `a${ESC}(0${ESC})B${ESC}#8${ESC}%G${ESC}[1;31mred${ESC}[0m${ESC}c${ESC}[!pb`,
    'aredb',
  ],
  ['cut off by another one, by CAN', `a${ESC}[12${ESC}[6nb${ESC}[3\x18c${ESC}]0;x${ESC}[6nd`, 'abcd'],
  ['a control inside', `a${ESC}[6\r\nnb`, 'a\r\nb'],
  ['a string that never ends hides its line alone', `a${ESC}]0;noise\r\nnext`, 'a\nnext'],
]

for (const [what, said, text] of CASES) {
  test(`leaves out ${what}, wherever the input is cut`, () => {
    const input = Buffer.from(said, 'latin1')
    for (let first = 0; first <= input.length; first++) {
      for (let second = first; second <= input.length; second++) {
        const plain = new PlainText()
        const pieces = [input.subarray(0, first), input.subarray(first, second), input.subarray(second)]
        const found = Buffer.concat(pieces.map(piece => plain.feed(piece))).toString('latin1')
        assert.is(found, text, `${first}, ${second}`)
      }
    }
  })
}

test('keeps UTF-8 and older character sets, and removes C1 controls from both', () => {
  const cases: [Buffer, string][] = [
    [Buffer.from('日本語 Zürich ⛄ 🚀 Û6n \u0800\u{10ffff}'), '日本語 Zürich ⛄ 🚀 Û6n \u0800\u{10ffff}'],
    [Buffer.from('a\u009b6nb\u0090$q"p\u009cc\u0085d'), 'abcd'],
  ]
  for (const [input, text] of cases) {
    for (let cut = 0; cut <= input.length; cut++) {
      const plain = new PlainText()
      assert.is(Buffer.concat([plain.feed(input.subarray(0, cut)), plain.feed(input.subarray(cut))]).toString(), text)
    }
  }
  for (const text of ['Z\xfcrich', '\xf5\xa0\xa1x', '\xc1\xa0x']) {
    assert.is(new PlainText().feed(Buffer.from(`${text}\x9b6n`, 'latin1')).toString('latin1'), text)
  }
})

test('removes a sequence that began in the past, and leaves the output after it unchanged', () => {
  const live = `${ESC}[31mred${ESC}[6n`
  for (const [what, said, text] of CASES) {
    const input = Buffer.from(`${said}\r\n`, 'latin1')
    for (let cut = 0; cut <= input.length; cut++) {
      const past = new PlainText()
      const before = past.feed(input.subarray(0, cut))
      const after = past.finish(Buffer.concat([input.subarray(cut), Buffer.from(live)]))
      assert.ok(after.toString('latin1').endsWith(live), `${what}: ${cut}`)
      // The second half of a sequence would be seen here as text.
      const seen = Buffer.concat([before, new PlainText().feed(after)]).toString('latin1')
      assert.is(seen, `${text}\r\nred`, `${what}: ${cut}`)
    }
  }
})

test('begins with the next line, or sequence, where the beginning was overwritten', () => {
  assert.is(new PlainText(false).feed(Buffer.from('6n?25l\r\nRouter#')).toString(), 'Router#')
  assert.is(new PlainText(false).feed(Buffer.from(`;1H${ESC}[2JMenu`)).toString(), 'Menu')
  assert.is(new PlainText(false).feed(Buffer.from([0x81, 0x93, 0x0a, 0x41])).toString(), 'A')
})

test('after a gap, output continues with the next line or sequence, or with text after a while', () => {
  const after = (live: string) => new PlainText(false).finish(Buffer.from(live)).toString()
  assert.is(after('1mred\r\nRouter#'), 'Router#')
  assert.is(after(';1H\x1b[2J\x1b[6n'), '\x1b[2J\x1b[6n')
  assert.is(after('x'.repeat(300)), 'x'.repeat(300 - 257))
})

test.run()
