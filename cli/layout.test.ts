import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { alignColumns, describeTerms, wrap } from './layout.ts'

const test = suite('layout')

test('wraps at the width, and leaves a part that is longer whole', () => {
  assert.equal(wrap('one two three', 7), ['one two', 'three'])
  assert.equal(wrap('a-part-that-is-long x', 6), ['a-part-that-is-long', 'x'])
})

test('aligns columns by what is seen of them', () => {
  assert.equal(alignColumns([['a', 'b', 'c'], ['\x1b[32mlong\x1b[39m', '', 'd'], ['x']]), [
    'a     b  c',
    '\x1b[32mlong\x1b[39m     d',
    'x',
  ])
  assert.equal(alignColumns([]), [])
})

test('puts a text below a label that is too long', () => {
  const long = '--a-name-that-is-far-too-long FILE'
  assert.equal(
    describeTerms(
      [
        ['-a', 'one two three'],
        [long, 'four'],
      ],
      13,
    ),
    ['  -a  one two', '      three', `  ${long}`, '      four'],
  )
})

test.run()
