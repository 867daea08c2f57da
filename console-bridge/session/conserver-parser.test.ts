import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { ConserverParser } from './conserver-parser.ts'
import type { TypedEvent } from './escape-parser.ts'

const test = suite('conserver parser')
const E = '\x05'

function shown(events: readonly TypedEvent[]): string {
  return events
    .map(event => {
      if (event.kind === 'bytes') return event.bytes.toString('latin1')
      if (event.kind === 'unknown') return '<unknown>'
      return event.choice === undefined ? `<${event.command}>` : `<${event.command} ${event.choice}>`
    })
    .join('')
}

const CASES: [typed: string, comesOut: string][] = [
  ['', ''],
  ['show version\r', 'show version\r'],
  [`${E}c?`, '<help>'],
  [`${E}c.`, '<disconnect>'],
  [`${E}cf`, '<take-over>'],
  [`${E}ca`, '<take-over free>'],
  [`${E}cs`, '<give-up>'],
  [`${E}cw${E}cu`, '<who><who>'],
  [`${E}cl0`, '<break>'],
  [`${E}cl?`, '<sequence>'],
  [`${E}cl7x`, '<unknown>x'],
  [`${E}cr${E}cp${E}c\x12`, '<log 20><log 60><log 1>'],
  // Upper and lower case differ: their `d` is "down the console".
  [`${E}cD${E}cd`, '<pacing><unknown>'],
  [`${E}cN`, '<note>'],
  [`${E}c\rx`, 'x'],
  [`${E}c\\005c`, `${E}c`],
  [`${E}c\\0x`, '<unknown>'],
  [`a${E}b`, `a${E}b`],
  [`a${E}${E}b`, `a${E}${E}b`],
  [`${E}${E}cf`, `${E}<take-over>`],
  [`${E}Cf`, `${E}Cf`],
  ['\x1dw\x00\xff', '\x1dw\x00\xff'],
]

test('separates escapes, wherever the input is cut', () => {
  for (const [typed, comesOut] of CASES) {
    for (let first = 0; first <= typed.length; first++) {
      for (let second = first; second <= typed.length; second++) {
        const parser = new ConserverParser()
        const chunks = [typed.slice(0, first), typed.slice(first, second), typed.slice(second)]
        const events = chunks.flatMap(chunk => parser.feed(Buffer.from(chunk, 'latin1'), false))
        assert.is(shown([...events, ...parser.flush()]), comesOut, JSON.stringify(chunks))
      }
    }
  }
})

test('of a paste, every byte goes out, also what may have been the beginning of an escape', () => {
  const paste = `text ${E} ${E}c? ${E}cl0 ${E}`
  for (const typed of ['', E, `${E}c`, `${E}cl`, `${E}c\\0`]) {
    const parser = new ConserverParser()
    const events = [
      ...parser.feed(Buffer.from(typed, 'latin1'), false),
      ...parser.feed(Buffer.from(paste, 'latin1'), true),
    ]
    assert.is(shown(events), typed + paste)
    assert.not(parser.hasLoneEscape)
  }
})

test('only the first byte of an escape may be a character like others', () => {
  const parser = new ConserverParser()
  parser.feed(Buffer.from(E), false)
  assert.ok(parser.hasLoneEscape)
  parser.feed(Buffer.from('c'), false)
  assert.not(parser.hasLoneEscape)
})

test.run()
