import * as assert from 'uvu/assert'
import { suite } from '../../../../testbed/suite.ts'
import { parseTerminalAsk } from './terminal-messages.ts'

const test = suite('messages of a terminal')

test('are read whole or not at all', () => {
  const open = { type: 'open', kind: 'console', name: 'sw1', cols: 80, rows: 24 }
  assert.equal(parseTerminalAsk(JSON.stringify(open)), open)
  assert.equal(parseTerminalAsk('{"type":"size","cols":2,"rows":1}'), { type: 'size', cols: 2, rows: 1 })
  assert.equal(parseTerminalAsk('{"type":"shown","bytes":7}'), { type: 'shown', bytes: 7 })
  const bad = [
    ...['', 'null', '[]', '{', '7', '{"type":"exec"}', '{"type":"shown","bytes":-1}', '{"type":"shown","bytes":1e12}'],
    ...[
      { cols: 0 },
      { cols: 1e9 },
      { cols: '80' },
      { rows: 1.5 },
      { kind: 'sh' },
      { kind: '__proto__' },
      { name: 7 },
    ].map(change => JSON.stringify({ ...open, ...change })),
  ]
  for (const text of bad) assert.is(parseTerminalAsk(text), undefined, text)
})

test.run()
