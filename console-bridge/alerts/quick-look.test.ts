import * as assert from 'uvu/assert'
import { ALERT_SETS } from '../../formats/alert-sets/alert-sets.ts'
import { linearPattern } from '../../runtime/linear-pattern.ts'
import { suite } from '../../testbed/suite.ts'
import { quickLook } from './quick-look.ts'

const test = suite('quick look')

test('what each match must have, or nothing where that is not certain', () => {
  const cases: [pattern: string, look: string | undefined][] = [
    ['Kernel panic', 'Kernel panic'],
    ['^rommon \\d+ ?>', 'rommon [0-9]'],
    ['a|bcd', undefined],
    ['abc|bcd', 'abc|bcd'],
    ['abc?', 'ab'],
    ['ab*cd', 'cd'],
    ['ab{0,3}', undefined],
    ['ab{2}cd+', 'bcd'],
    ['(?:abc|def)', undefined],
    ['(?:abc|def)ghi', 'ghi'],
    ['x(?:a\\)b[)]c)def', undefined],
    ['x(?:a\\)b)def', 'def'],
    ['(?i)fail', '[fF][aA][iI][lL]'],
    ['(?i)disk', '[dD][iI][sS\u017f][kK\u212a]'],
    ['(?s)fail', undefined],
    ['fail(?i)ed', undefined],
    ['\\Qa.b\\E', undefined],
    ['\\x41bcd', undefined],
    ['\\pLbcd', undefined],
    ['[[:alpha:]]bcd', undefined],
    ['[^a]bcd', 'bcd'],
    ['-[0-2]-', '-[0-2]-'],
    ['温度', '温度'],
    ['\\{\\|\\\\b', '\\{\\|\\\\b'],
    ['.*', undefined],
  ]
  for (const [pattern, look] of cases) assert.is(quickLook(pattern)?.join('|'), look, pattern)
})

test('every ready-made rule but those for prompts has something to look for', () => {
  for (const { name, pattern } of Object.values(ALERT_SETS).flat()) assert.ok(quickLook(pattern), name)
})

/** Small numbers, the same ones each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

test('never misses a match: random expressions on random lines', () => {
  const random = numbers(7)
  const pick = (of: readonly string[]) => of[random(of.length)] ?? ''
  const atoms = [
    'a',
    'a',
    'b',
    'b',
    'k',
    'k',
    'K',
    '\\.',
    '.',
    '[ab]',
    '[^a]',
    '\\w',
    '\\d',
    '1',
    '(?:a|bk)',
    '(?:b1)',
    '^',
    '$',
    '\\b',
    's',
  ]
  const quantifiers = ['', '', '', '', '*', '+', '?', '{2}', '{0,2}', '{1,2}', '+?', '*?']
  let matches = 0
  let looks = 0
  for (let round = 0; round < 6_000; round++) {
    const branch = () =>
      Array.from({ length: 1 + random(5) }, () => {
        const atom = pick(atoms)
        return /^(?:\^|\$|\\b)$/.test(atom) ? atom : atom + pick(quantifiers)
      }).join('')
    const pattern = `${pick(['', '', '(?i)'])}${Array.from({ length: 1 + random(2) }, branch).join('|')}`
    const compiled = linearPattern(pattern)
    assert.ok(!('problem' in compiled), pattern)
    const look = quickLook(pattern)
    if (look === undefined) continue
    looks++
    const native = new RegExp(look.join('|'))
    for (let line = 0; line < 20; line++) {
      const text = Array.from({ length: random(12) }, () =>
        pick(['a', 'b', 'k', 'a', 'b', 'k', 'K', '\u212a', '1', 's', '\u017f', 'A']),
      ).join('')
      if (!compiled.matches(text)) continue
      matches++
      assert.ok(native.test(text), `${pattern} on ${text}: ${look}`)
    }
  }
  assert.ok(looks > 500 && matches > 300, `${looks} looks, ${matches} matches`)
})

test.run()
