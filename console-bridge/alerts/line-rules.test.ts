import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { RuleCompiler } from './line-rules.ts'

const test = suite('line rules')
const rules = (...patterns: string[]) =>
  new RuleCompiler().compile(patterns.map((pattern, at) => ({ name: `r${at}`, pattern, alertText: false })))

test('a place is found for each pattern, also where one looks like a part of another', () => {
  const cases: [patterns: string[], line: string][] = [
    [['\\{\\|', 'b\\|'], 'b|'],
    [['[abc]xy1', 'abc'], 'abc'],
    [['Kernel panic', 'panic'], 'panic'],
    [['-[0-4]-', 'x-[0-4]-y'], '-3-'],
    [['\\\\dx', 'dx'], 'dx'],
    [['a/b', '\\^\\$'], '^$'],
  ]
  for (const [patterns, line] of cases) {
    const { places, mayMatch } = rules(...patterns)
    assert.ok(places?.test(`some text ${line}`) && mayMatch(line), `${patterns.join(' and ')} on ${line}`)
    assert.not.ok(mayMatch('some other line'), patterns.join(' and '))
  }
})

test('one rule of which nothing is certain, and each line is tried', () => {
  const { places, mayMatch } = rules('Kernel panic', '[A-Z]+!')
  assert.equal([places, mayMatch('x')], [undefined, true])
})

test('expressions for which re2 would remember megabytes each are bounded', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const heapBytes = () => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const { rules: costly } = rules(...Array.from({ length: 12 }, (_, n) => `a.{${80 + n}}c`))
  const before = heapBytes()
  let state = 7
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return state > 2 ** 31
  }
  for (let line = 0; line < 25; line++) {
    const text = `${Array.from({ length: 1_000 }, () => (random() ? 'a' : 'b')).join('')}c`
    for (const rule of costly) rule.matches(text)
  }
  const grown = heapBytes() - before
  assert.ok(grown < 10_000_000, `${Math.round(grown / 1e6)} MB`)
  assert.is(costly[0]?.matches(`a${'b'.repeat(80)}c`), true)
})

test.run()
