import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { compileRules } from './line-rules.ts'

const test = suite('line rules')
const rules = (...patterns: string[]) =>
  compileRules(patterns.map((pattern, at) => ({ name: `r${at}`, pattern, alertText: false })))

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

test.run()
