import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { consoleSchema } from '../../formats/console-settings.ts'
import { bridgeSettings } from '../../formats/device-settings.ts'
import { suite } from '../../testbed/suite.ts'
import { EVENT_KINDS } from '../console/recorder.ts'
import { parseLine } from './record.ts'

const test = suite('docs/transcript.md')
const PAGE = readFileSync(join(import.meta.dirname, '../../docs/transcript.md'), 'utf8')

test('has each kind of event', () => {
  const rows = Object.entries(EVENT_KINDS).map(([kind, help]) => `| \`${kind}\` | ${help} |`)
  const table = ['| KIND of an event | |', '| --- | --- |', ...rows].join('\n')
  assert.ok(PAGE.includes(`-->\n${table}\n<!--`), `put this table into docs/transcript.md:\n${table}`)
})

test('has each setting with its default', () => {
  const { transcript, logRole } = consoleSchema.parse({ name: 'x', path: '/dev/x' })
  assert.ok(PAGE.includes(`\`transcript\`, of a console | \`${transcript}\``))
  assert.ok(PAGE.includes(`\`log_role\`, of a console | \`"${logRole}"\``))
  const { transcriptBytes, transcriptPercent, transcriptDays } = bridgeSettings
  assert.ok(PAGE.includes(`\`transcript_bytes\`, of the bridge | ${transcriptBytes.parse(undefined) / 1_048_576} MB |`))
  assert.ok(PAGE.includes(`\`transcript_percent\`, of the bridge | ${transcriptPercent.parse(undefined)} |`))
  assert.ok(PAGE.includes(`\`transcript_days\`, of the bridge | ${transcriptDays.parse(undefined)} |`))
})

test('shows records that are records', () => {
  const shown = PAGE.split('\n').filter(line => /^ {4}\d{4}-\d\d-\d\dT\S+ (sync|guess) /.test(line))
  assert.ok(shown.length > 0)
  for (const line of shown) assert.ok(parseLine(line.trim()), line)
})

test.run()
