import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { parseSize, sizeText, terminalSize } from './terminal-size.ts'

const test = suite('terminal size')

test('a terminal without a size, or with an impossible one, has none', () => {
  assert.equal(terminalSize(80, 24), { columns: 80, rows: 24 })
  for (const [columns, rows] of [
    [0, 0],
    [80, 0],
    [0, 24],
    [4_294_967_295, 24],
    [1.5, 24],
    [Number.NaN, 24],
  ] as const) {
    assert.is(terminalSize(columns, rows), undefined)
  }
})

test('a size is read as it is written', () => {
  assert.equal(parseSize(sizeText({ columns: 132, rows: 43 })), { columns: 132, rows: 43 })
  for (const text of [undefined, '', '80', '80x', 'x24', '80x24x1', '0x24', '99999x24', '-80x24']) {
    assert.is(parseSize(text), undefined)
  }
})

test.run()
