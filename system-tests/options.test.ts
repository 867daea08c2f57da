import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { readOptions } from './options.ts'

const test = suite('options of a system test')

test('what is left out, or empty as make leaves it, has a default', () => {
  const expected = {
    ...{ on: 'vm', subject: '', case: '', from: undefined, until: undefined },
    ...{ cuts: 20, runs: 1, jobs: 1, peer: false, full: false, doc: false, seed: 7, minutes: 20 },
  }
  assert.equal(readOptions(['--on', 'vm']), expected)
  assert.equal(readOptions(['--on', 'vm', '--until', '', '--from', '', '--peer', '']), expected)
})

const WRONG: [args: string[], why: RegExp][] = [
  [[], /no machine is called ""; there are pi3, /],
  [['--on', 'pi4'], /"pi4"/],
  [['--on', 'vm', '--cuts', '0'], /^cuts is 0/],
  [['--on', 'vm', '--runs', 'x'], /^runs is x/],
  [['--on', 'netns', '--seed', '1.5'], /^seed is 1\.5/],
  [['--on', 'netns', '--minutes', '0'], /^minutes is 0/],
  [['--on', 'netns', '--peer', 'ssh'], /can only be autossh/],
]

for (const [args, why] of WRONG) {
  test(`refuses ${args.join(' ')}`, () => assert.match(String(readOptions(args)), why))
}

test.run()
