import { execFileSync } from 'node:child_process'
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { quoteWord, splitLine } from './split-line.ts'

const test = suite('words of a command line')

const LINES = [
  '',
  '   ',
  'log',
  ' log   --since  1h ',
  `a'b c'd`,
  `"a b" 'c d'`,
  `''`,
  `a "" b`,
  String.raw`a\ b`,
  String.raw`"a\"b" "a\\b" "a\d" 'a\d' a\d`,
  `"it's" 'a "b" c'`,
  `--until='[>#$] ?$'`,
  String.raw`'a\$b\\c' 'a\'`,
  'tab\there',
  String.raw`\'a`,
]

test('splits as sh does', () => {
  for (const line of LINES) {
    const script = `set -f; for word in ${line}; do printf '%s\\0' "$word"; done`
    const words = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)
    assert.equal(splitLine(line), { words, rest: undefined }, line)
  }
})

const EXPANDED = ['$(id)', '`id`', '*', '"$HOME"', ';id', 'a|b', '#x', '!x', '~']

test('expands nothing, and takes nothing for an operator', () => {
  for (const word of EXPANDED) assert.equal(splitLine(word), { words: [word.replaceAll('"', '')], rest: undefined })
})

const RESTS: [line: string, words: string[], rest: string | undefined][] = [
  ['run -- show version', ['run'], 'show version'],
  ['run --  show   "version" ', ['run'], ` show   "version" `],
  [`run -- it's`, ['run'], `it's`],
  ['run --', ['run'], ''],
  ['run -- ', ['run'], ''],
  ['run -- -- x', ['run'], '-- x'],
  ['run --\tx', ['run'], 'x'],
  [`run '--' x`, ['run', '--', 'x'], undefined],
  [String.raw`run \-- x`, ['run', '--', 'x'], undefined],
  ['run --x --- a', ['run', '--x', '---', 'a'], undefined],
  ['run a-- x', ['run', 'a--', 'x'], undefined],
  [`run 'a -- b' -- c`, ['run', 'a -- b'], 'c'],
  ['--', [], ''],
]

test('takes what follows -- as it is', () => {
  for (const [line, words, rest] of RESTS) assert.equal(splitLine(line), { words, rest }, line)
})

test('says that a quote is not closed', () => {
  assert.is(splitLine(`log --grep 'a`), "the quote ' is not closed")
  assert.is(splitLine('log "a'), 'the quote " is not closed')
  assert.is(splitLine('log "a -- b'), 'the quote " is not closed')
})

test('quotes a word so that it comes out the same', () => {
  for (const word of ['a', '', 'a b', `it's`, '"', '\\', '--', '$x', 'ü', 'a\\', `'`, '--grep=a b']) {
    assert.equal(splitLine(quoteWord(word)), { words: [word], rest: undefined }, word)
  }
})

test.run()
