import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { EscapeParser } from './escape-parser.ts'

const test = suite('escape parser')
const E = '\x1d'

/** What comes out, joined: bytes as text, the rest in angle brackets. */
function parse(parser: EscapeParser, chunks: string[]): string {
  return chunks
    .flatMap(chunk => parser.feed(Buffer.from(chunk, 'latin1')))
    .map(event => {
      if (event.kind === 'bytes') return event.bytes.toString('latin1')
      return event.kind === 'command' ? `<${event.command}>` : '<unknown>'
    })
    .join('')
}

const CASES: [typed: string, comesOut: string][] = [
  ['', ''],
  ['show version\r', 'show version\r'],
  [`${E}?`, '<help>'],
  [`${E}b`, '<break>'],
  [`${E}B`, '<break>'],
  [`${E}w`, '<take-over>'],
  [`${E}d`, '<disconnect>'],
  [`${E}.`, '<disconnect>'],
  [`${E}${E}`, E],
  [`${E}${E}${E}${E}`, `${E}${E}`],
  [`${E}${E}b`, `${E}b`],
  [`${E}${E}${E}b`, `${E}<break>`],
  [`a${E}bc`, 'a<break>c'],
  [`a${E}${E}c${E}`, `a${E}c`],
  [`a${E}~c`, 'a<unknown>c'],
  [`${E}\r\n`, '<unknown>\n'],
  [`${E}\x02`, '<unknown>'],
  ['\x00\xff~B\x1b[A', '\x00\xff~B\x1b[A'],
]

test('separates escapes, wherever the input is cut', () => {
  for (const [typed, comesOut] of CASES) {
    for (let first = 0; first <= typed.length; first++) {
      for (let second = first; second <= typed.length; second++) {
        const chunks = [typed.slice(0, first), typed.slice(first, second), typed.slice(second)]
        assert.is(parse(new EscapeParser(0x1d), chunks), comesOut, JSON.stringify(chunks))
      }
    }
  }
})

test.run()
