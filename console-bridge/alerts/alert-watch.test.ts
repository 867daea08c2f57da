import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { AlertRule } from '../../formats/alert-rules.ts'
import type { Logger } from '../../runtime/log.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { quickClock } from '../testing/quick-clock.ts'
import { AlertWatch } from './alert-watch.ts'

const test = suite('alert watch')
const FAN: AlertRule = { name: 'fan', pattern: 'Faulty fan', alertText: false }

async function watching(context: TestContext, rules: AlertRule[] = [FAN], file?: string) {
  const path = file ?? join(await scratchDirectory(context), 'alerts.json')
  // The time of day is another one than that since the start.
  const quick = quickClock()
  const clock = { ...quick, wallMs: () => quick.nowMs() + 1_800_000_000_000 }
  let typist: string | undefined
  const logged: object[] = []
  const log = { warn: (fields: object) => logged.push(fields) } as unknown as Logger
  const watch = await AlertWatch.in({
    ...{ file: path, clock, log, onChange: () => {}, typistOf: () => typist },
    consoles: [
      { name: 'core-sw1', alerts: [], alertRules: rules },
      { name: 'edge-rt1', alerts: [], alertRules: [] },
    ],
  })
  const ending = new AbortController()
  const running = watch.run(ending.signal)
  const end = async () => {
    ending.abort()
    await running
  }
  context.cleanup(end)
  const say = (text: string) => watch.outputOf('core-sw1')?.(Buffer.from(text))
  const told = (count: number) =>
    waitFor(`${count} alerts`, () => (watch.latest.length >= count ? watch.latest : undefined))
  const typed = (who?: string) => {
    typist = who
  }
  return { watch, path, clock, say, told, end, logged, typed }
}

test('what matches is told, with its text only where the rule allows that', async context => {
  const { watch, say, told, typed, logged } = await watching(context, [
    FAN,
    { name: 'psu', pattern: 'PS fail', alertText: true },
  ])
  assert.is(watch.outputOf('edge-rt1'), undefined)
  say('Faulty fan 2\r\n')
  await told(1)
  typed('alice')
  say('\x1b[31m PS fail\u202e \x1b[0m secret?\r\n')
  const alerts = await told(2)
  assert.equal(
    alerts.map(({ console, rule, count, typist, text }) => [console, rule, count, typist, text]),
    [
      ['core-sw1', 'fan', 1, undefined, undefined],
      ['core-sw1', 'psu', 1, 'alice', 'PS fail?  secret?'],
    ],
  )
  assert.equal(logged, [
    { console: 'core-sw1', rule: 'fan', count: 1 },
    { console: 'core-sw1', rule: 'psu', count: 1, typist: 'alice', text: 'PS fail?  secret?' },
  ])
})

test('a prompt without a line end is told after a second', async context => {
  const { say, told, clock } = await watching(context, [
    { name: 'loader', pattern: '^rommon \\d+ >', alertText: false },
  ])
  const beganMs = clock.wallMs()
  say('rommon 1 > ')
  const [alert] = await told(1)
  assert.ok((alert?.at ?? 0) >= beganMs + 1_000)
})

test('alerts are kept over a restart, and output of before does not make them again', async context => {
  const first = await watching(context)
  for (let n = 0; n < 3; n++) first.say('Faulty fan 2\n')
  await first.told(1)
  await first.end()
  const [before] = first.watch.latest
  assert.is(before?.count, 3)
  const second = await watching(context, [FAN], first.path)
  assert.equal(second.watch.latest, [before])
  second.say('Faulty fan 2\n')
  const [same, next] = await second.told(2)
  assert.equal([same, next?.count], [before, 1])
  assert.is.not(next?.ref, before?.ref)
  await second.end()
  assert.is(JSON.parse(await readFile(first.path, 'utf8')).alerts.length, 2)
})

test('a file that is damaged, or of consoles that are gone, harms nothing', async context => {
  const file = join(await scratchDirectory(context), 'alerts.json')
  const alert = { ref: '0123456789ab', console: 'gone', rule: 'r', since: 1, at: 1, count: 1 }
  for (const content of ['{', '[]', JSON.stringify({ version: 1, alerts: [alert] })]) {
    await writeFile(file, content)
    const { watch, end } = await watching(context, [FAN], file)
    assert.equal(watch.latest, [])
    await end()
  }
})

test('of one console, the 32 latest alerts are kept', async context => {
  const rules = Array.from({ length: 40 }, (_, n) => ({ name: `r${n}`, pattern: `word${n}x`, alertText: false }))
  const { watch, say, told } = await watching(context, rules)
  for (let n = 0; n < 40; n++) say(`word${n}x\n`)
  await waitFor('the last one', () => watch.latest.some(({ rule }) => rule === 'r39'))
  const alerts = await told(32)
  assert.equal([alerts.length, alerts[0]?.rule], [32, 'r8'])
})

test.run()
