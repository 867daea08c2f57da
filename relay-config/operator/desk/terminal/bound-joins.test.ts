import * as assert from 'uvu/assert'
import { suite } from '../../../../testbed/suite.ts'
import { createJoinBound } from './bound-joins.ts'

const test = suite('joined characters')
const MARK = '\u0301'
/** One character of two units. */
const FAR = '\u{1d167}'

test('what people write stays as it is', () => {
  for (const text of [
    '',
    'Router>',
    'é e\u0301 ç',
    'ไม่มีที่',
    '\u1112\u1161\u11ab',
    'カ\u3099',
    '✔️ 👩‍👩‍👧',
    '\x1b[1m\r\n',
  ])
    assert.is(createJoinBound()(text), text)
})

test('of a run without end eight are kept, however it is cut', () => {
  for (const joined of [MARK, '\u200d', '\u1161', '\ufeff', FAR]) {
    const whole = `a${joined.repeat(100)}b${joined.repeat(3)}c`
    const wanted = `a${joined.repeat(8)}b${joined.repeat(3)}c`
    assert.is(createJoinBound()(whole), wanted)
    const characters = [...whole]
    for (let at = 0; at <= characters.length; at++) {
      const bound = createJoinBound()
      const cut = [characters.slice(0, at), characters.slice(at)].map(part => bound(part.join('')))
      assert.is(cut.join(''), wanted, `cut at ${at}`)
    }
    const bound = createJoinBound()
    assert.is(characters.map(bound).join(''), wanted, 'one by one')
  }
})

test.run()
