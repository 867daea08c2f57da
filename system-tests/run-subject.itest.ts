import { readdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import type { Case, Steps, Subject } from './case.ts'
import { readOptions } from './options.ts'
import { Report } from './report.ts'
import { runSubject } from './run-subject.ts'

const test = suite('running cases')

async function run(
  context: TestContext,
  cases: Case<string>[],
  more: Partial<Subject<string>> = {},
  args: string[] = [],
) {
  const folder = await scratchDirectory(context)
  const options = readOptions(['--on', 'vm', ...args])
  if (typeof options === 'string') throw new Error(options)
  const printed: string[] = []
  const report = new Report(line => printed.push(line.replace(/ +\d+ s {2}/, ' ')))
  const subject = { name: 'x', about: '', on: [], cases: () => cases, setUp: async () => 'stage', ...more }
  await runSubject(subject, cases, { options, folder, report, signal: context.signal })
  return { printed: printed.map(line => line.trim()), folder, report }
}

const passes = async (stage: string) => `on the ${stage}`
const fails = (what: string) => Promise.reject(new Error(what))

test('a case without steps is one row', async context => {
  const { printed } = await run(context, [
    { name: 'a', run: passes },
    { name: 'b', run: () => fails('broken') },
  ])
  assert.equal(printed, ['ok a: on the stage', 'FAIL b: broken'])
})

test('steps after a failed one are run, unless it was essential', async context => {
  const story = async (_: string, { step, essential }: Steps) => {
    await step('one', () => fails('no'))
    await essential('two', () => fails('never'))
    await step('three', passes as never)
    return undefined
  }
  const { printed } = await run(context, [{ name: 'a', run: story }])
  assert.equal(printed, ['FAIL a: one: no', 'FAIL a: two: never'])
})

test('what follows a case that broke off is not run, and what follows that is not either', async context => {
  const { printed, report } = await run(context, [
    { name: 'a', run: () => fails('broken') },
    { name: 'b', follows: 'a', run: passes },
    { name: 'c', follows: 'b', run: passes },
    { name: 'd', run: passes },
  ])
  assert.equal(printed, [
    'FAIL a: broken',
    'not run: b, which follows a',
    'not run: c, which follows b',
    'ok d: on the stage',
  ])
  assert.is(report.failed, 1)
})

test('what a case leaves is undone at its end, and its folder kept only when it failed', async context => {
  const undone: string[] = []
  const leaves = (name: string, outcome: () => Promise<string>): Case<string> => ({
    name,
    run: async (_, { cleanup }) => {
      cleanup(() => undone.push(name))
      return outcome()
    },
  })
  const halfBad: Case<string> = {
    name: 'half bad',
    run: async (_, { step }) => {
      await step('one', () => fails('x'))
      return undefined
    },
  }
  const cases = [leaves('good', async () => ''), leaves('bad', () => fails('x')), halfBad]
  const { folder } = await run(context, cases)
  assert.equal(undone, ['good', 'bad'])
  assert.match(readdirSync(folder).sort().join(), /^bad-\w+,half-bad-\w+$/)
})

test('each case runs so many times, side by side where its subject may', async context => {
  let running = 0
  let most = 0
  const counted: Case<string> = {
    name: 'a',
    run: async () => {
      most = Math.max(most, ++running)
      await new Promise(resolve => setTimeout(resolve, 20))
      running--
      return ''
    },
  }
  const args = ['--runs', '3', '--jobs', '2']
  assert.equal((await run(context, [counted], {}, args)).printed, ['ok a #1', 'ok a #2', 'ok a #3'])
  assert.is(most, 1)
  await run(context, [counted], { sideBySide: true }, args)
  assert.is(most, 2)
})

test('what only all cases tell may fail too', async context => {
  const { report } = await run(context, [{ name: 'a', run: passes }], {
    finish: async (_, { failed }) => failed('a', 'slower than before'),
  })
  assert.is(report.sum(), '1 passed, 1 failed')
})

test.run()
