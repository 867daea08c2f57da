import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { ESCAPE_KEYS, EscapeParser, escapeByteOf, escapeNameOf } from './escape-parser.ts'

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
  [`a${E}xc`, 'a<unknown>c'],
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

test('knows its key by byte and by name', () => {
  assert.is(escapeByteOf('ctrl-]'), 0x1d)
  assert.is(escapeByteOf('ctrl-a'), 0x01)
  assert.is(escapeByteOf('ctrl-\\'), 0x1c)
  assert.is(escapeByteOf('ctrl-^'), 0x1e)
  assert.is(escapeByteOf('ctrl-_'), 0x1f)
  assert.is(escapeNameOf('ctrl-]'), 'Ctrl-]')
  assert.is(escapeNameOf('ctrl-a'), 'Ctrl-A')
})

test('docs/console.md has each key', () => {
  const helps = [...new Set(Object.values(ESCAPE_KEYS).map(({ does }) => does))]
  const rows = helps.map(help => {
    const keys = Object.entries(ESCAPE_KEYS).flatMap(([key, { does }]) => (does === help ? [`\`${key}\``] : []))
    return `| ${keys.join(' or ')} | ${help} |`
  })
  const table = ['| key | |', '| --- | --- |', ...rows, '| `Ctrl-]` | send `Ctrl-]` itself |'].join('\n')
  const page = readFileSync(join(import.meta.dirname, '../../docs/console.md'), 'utf8')
  assert.ok(page.includes(`-->\n${table}\n<!--`), `put this table into docs/console.md:\n${table}`)
})

test.run()
