import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { describeRow, Report, type Row } from './report.ts'

const test = suite('system test report')

const row = (more: Partial<Row>): Row => ({
  result: 'ok',
  case: 'first-boot',
  step: 'units',
  seconds: 3,
  note: '',
  ...more,
})

test('a row is a line, whose further lines are indented', () => {
  assert.is(describeRow(row({ note: 'all active' })), 'ok      3 s  first-boot: units: all active')
  assert.is(describeRow(row({ step: '' })), 'ok      3 s  first-boot')
  const failed = row({ result: 'FAIL', seconds: 1200, note: 'too late\nit said:\n\n  x' })
  assert.equal(describeRow(failed).split('\n'), [
    'FAIL 1200 s  first-boot: units: too late',
    '             it said:',
    '',
    '               x',
  ])
})

test('a step is reported as it ends, with what it returned or threw', async () => {
  const printed: string[] = []
  const report = new Report(line => printed.push(line))
  assert.is(await report.step('a', 'passes', async () => 'seen'), undefined)
  assert.is((await report.step('a', 'fails', () => Promise.reject(new Error('why'))))?.message, 'why')
  report.note('two\nlines')
  assert.equal(printed, [
    'ok      0 s  a: passes: seen',
    'FAIL    0 s  a: fails: why',
    '             two\n             lines',
  ])
  assert.is(report.sum(), '1 passed, 1 failed')
})

test('the table has the first line of each note, and no cell of its own making', async () => {
  const report = new Report(() => {})
  report.add(row({ note: 'a | b\nmore' }))
  assert.equal(report.table().split('\n').slice(2), ['| ok | first-boot | units | 3 s | a \\| b |', ''])
})

test.run()
