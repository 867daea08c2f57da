import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { CONFIRM_MS, DEBOUNCE_MS, PRESS_PACE_MS, PRESSES, STUCK_MS } from '../../formats/button.ts'
import { COLOURS, WHITE } from '../../formats/led-colours.ts'
import { suite } from '../../testbed/suite.ts'

const test = suite('docs/button.md')

const pageOf = (name: string) => readFileSync(join(import.meta.dirname, `../../docs/${name}.md`), 'utf8')
const page = pageOf('button')

test('has the table of the presses as it is', () => {
  const rows = PRESSES.map(({ how, does }) => `| ${how} | ${does} |`)
  const table = ['| press | it |', '| --- | --- |', ...rows].join('\n')
  assert.ok(page.includes(`-->\n${table}\n<!--`), `put this table into docs/button.md:\n${table}`)
})

test('says how long things take, as they do', () => {
  assert.equal([CONFIRM_MS, DEBOUNCE_MS, PRESS_PACE_MS, STUCK_MS], [10_000, 30, 5_000, 60_000])
  for (const words of ['still for 30 ms', 'five seconds pass', 'more than a minute', 'within 10 s'])
    assert.match(page, words)
})

test('docs/led.md has each colour, and what it says', () => {
  const led = pageOf('led')
  for (const { name } of [...Object.values(COLOURS), WHITE]) assert.match(led, `\n| ${name} | `)
})

test.run()
