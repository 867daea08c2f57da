import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { STATE_NAMES, STATES } from '../../formats/states.ts'
import { suite } from '../../testbed/suite.ts'
import { LAMP_TEST_S } from './pattern.ts'

const test = suite('docs/led.md')

const page = readFileSync(join(import.meta.dirname, '../../docs/led.md'), 'utf8')

test('has the table of the states as it is', () => {
  const rows = STATE_NAMES.map(state => {
    const { looks, meaning, remedy } = STATES[state]
    return `| \`${state}\` | ${looks} | ${meaning} | ${remedy} |`
  })
  const table = ['| state | the LED | meaning | what to do on site |', '| --- | --- | --- | --- |', ...rows].join('\n')
  assert.ok(page.includes(`-->\n${table}\n<!--`), `put this table into docs/led.md:\n${table}`)
})

test('says how long the lamp test lasts', () => {
  assert.match(page, `shows a state for ${LAMP_TEST_S} seconds: the lamp test`)
})

test.run()
