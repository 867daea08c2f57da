import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { select } from './case.ts'

const test = suite('choosing cases')

const LIST = [
  { name: 'root' },
  { name: 'clone', follows: 'root' },
  { name: 'run', follows: 'clone' },
  { name: 'test', follows: 'clone', ci: true },
  { name: 'test, slowly', follows: 'clone' },
  { name: 'deb', follows: 'clone', ci: true },
]

const TABLE: [title: string, wanted: { case?: string; from?: string; until?: string }, names: string][] = [
  ['all', {}, 'root clone run test test,slowly deb'],
  ['a name is meant alone', { case: 'test' }, 'root clone test'],
  ['a part of names is all of them, with what they go on from', { case: 'tes' }, 'root clone test test,slowly'],
  ['parts have commas between them', { case: 'run,deb' }, 'root clone run deb'],
  ['a name has a comma', { case: 'test, slowly' }, 'root clone test,slowly'],
  ['ci', { case: 'ci' }, 'root clone test deb'],
  ['the beginning', { until: 'run' }, 'root clone run'],
  ['the end, with what it goes on from', { from: 'test, slowly' }, 'root clone test,slowly deb'],
  ['both ends, and a part', { from: 'run', until: 'test, slowly', case: 'slowly' }, 'root clone test,slowly'],
  ['an unknown part', { case: 'x' }, ''],
  ['an unknown beginning', { from: 'x' }, ''],
  ['an unknown end', { until: 'x' }, ''],
  ['an end before the beginning', { from: 'test', until: 'run' }, ''],
]

for (const [title, wanted, names] of TABLE) {
  test(title, () => {
    const chosen = select(LIST, { case: '', ...wanted })
    assert.is(chosen.map(({ name }) => name.replace(' ', '')).join(' '), names)
  })
}

test.run()
