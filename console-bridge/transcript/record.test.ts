import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { eventText, lineText, parseEvent, parseLine } from './record.ts'

const test = suite('records')

test('a line has time, quality, kind and text, and is read back', () => {
  const line = lineText(Date.UTC(2026, 10, 26, 4, 20, 7, 5), 'sync', 'out', 'Switch> \\x0d\\x0a')
  assert.is(line, '2026-11-26T04:20:07.005Z sync out Switch> \\x0d\\x0a\n')
  assert.equal(parseLine(line.slice(0, -1)), {
    writtenMs: Date.UTC(2026, 10, 26, 4, 20, 7, 5),
    quality: 'sync',
    kind: 'out',
    text: 'Switch> \\x0d\\x0a',
  })
})

test('a text may be empty, and may have spaces at both ends', () => {
  assert.is(parseLine('2026-11-26T04:20:07.005Z guess part ')?.text, '')
  assert.is(parseLine('2026-11-26T04:20:07.005Z guess part  a ')?.text, ' a ')
})

for (const line of ['', 'x', '2026-11-26T04:20:07.005Z sync', '2026-11-26T04:20:07.005Z sync toString x', '\0\0\0\0']) {
  test(`is no record: ${JSON.stringify(line)}`, () => assert.is(parseLine(line), undefined))
}

test('an event has a word and fields, and is read back', () => {
  const fields = { id: 3, by: 'alice (via relay)', from: '127.0.0.1:4242', note: 'ä "x" \\ \n', none: undefined }
  const text = eventText('begin', fields)
  assert.is(text, 'begin id=3 by="alice (via relay)" from=127.0.0.1:4242 note="\\u00e4 \\"x\\" \\\\ \\n"')
  assert.equal(parseEvent(text), {
    what: 'begin',
    fields: { id: '3', by: 'alice (via relay)', from: '127.0.0.1:4242', note: 'ä "x" \\ \n' },
  })
  assert.equal(parseEvent('stopped'), { what: 'stopped', fields: {} })
})

test('reads an event that somebody changed without failing', () => {
  assert.equal(parseEvent('begin by="\\q" id').fields, { by: '"\\q"' })
  assert.equal(parseEvent(''), { what: '', fields: {} })
})

test.run()
