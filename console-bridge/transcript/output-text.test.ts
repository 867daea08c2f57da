import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { bytesOf, chunksOf, pauseText, textOf, unfinishedBytes } from './output-text.ts'

const test = suite('output as text')

const CASES: [what: string, output: Buffer | string, text: string][] = [
  ['printable ASCII as it is', 'Switch#show version | i ~', 'Switch#show version | i ~'],
  ['a line end', 'ok\r\n', 'ok\\x0d\\x0a'],
  ['a backslash', 'C:\\x41\\+7;', 'C:\\\\x41\\\\+7;'],
  ['a sequence for a terminal', '\x1b[1mred\x07\x7f\0', '\\x1b[1mred\\x07\\x7f\\x00'],
  ['characters', 'grüße 東京 🦊', 'grüße 東京 🦊'],
  [
    'controls and invisible characters',
    'a\u0085b\u202ec\u2028d\ufeff',
    'a\\xc2\\x85b\\xe2\\x80\\xaec\\xe2\\x80\\xa8d\\xef\\xbb\\xbf',
  ],
  [
    'bytes that are no characters',
    Buffer.from([0xff, 0x61, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0xc0, 0xaf]),
    '\\xffa\\xc3(\\xed\\xa0\\x80\\xc0\\xaf',
  ],
  ['characters between such bytes', Buffer.concat([Buffer.from([0xfe]), Buffer.from('é\\ü')]), '\\xfeé\\\\ü'],
  ['half a character at the end', Buffer.from('東').subarray(0, 2), '\\xe6\\x9d'],
]

for (const [what, output, text] of CASES) {
  test(`${what}, and back`, () => {
    const bytes = Buffer.from(output as string)
    assert.is(Buffer.from(textOf(bytes), 'latin1').toString(), text)
    assert.equal(bytesOf(textOf(bytes)), bytes)
  })
}

test('every two bytes come back, and make no line of their own', () => {
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second++) {
      const bytes = Buffer.from([first, second])
      const text = textOf(bytes)
      assert.not(/[\x00-\x1f\x7f]/.test(text), `${bytes.toString('hex')}: ${text}`)
      if (!bytesOf(text).equals(bytes)) assert.unreachable(`${bytes.toString('hex')}: ${text}`)
    }
  }
})

test('a text has the time of each chunk', () => {
  const text = `${textOf(Buffer.from('sho'))}${pauseText(120)}${textOf(Buffer.from('w\\'))}${pauseText(900.4)}${textOf(Buffer.from('\r\n'))}`
  assert.is(text, 'sho\\+120;w\\\\\\+900;\\x0d\\x0a')
  assert.equal(
    [...chunksOf(text)].map(({ afterMs, bytes }) => [afterMs, bytes.toString()]),
    [
      [0, 'sho'],
      [120, 'w\\'],
      [900, '\r\n'],
    ],
  )
  assert.is(bytesOf(text).toString(), 'show\\\r\n')
})

test('pauses without output between them add up', () => {
  assert.equal([...chunksOf('\\+5;\\+6;a')], [{ afterMs: 11, bytes: Buffer.from('a') }])
  assert.equal([...chunksOf('')], [])
})

test('knows how much of a character is still to come, at every point', () => {
  const bytes = Buffer.from('aé東🦊')
  const found = Array.from(bytes, (_, at) => unfinishedBytes(bytes.subarray(0, at + 1)))
  assert.equal(found, [0, 1, 0, 1, 2, 0, 1, 2, 3, 0])
  assert.is(unfinishedBytes(Buffer.from([0x80, 0x80, 0x80, 0x80])), 0)
  assert.is(unfinishedBytes(Buffer.alloc(0)), 0)
})

test.run()
