import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { SESSION_EXIT, SESSION_EXIT_MEANINGS } from './exit-codes.ts'

const test = suite('exit codes of a session')

test('docs/console.md has the same table', () => {
  const codes = SESSION_EXIT_MEANINGS.map(([code]) => code)
  assert.equal([...codes].sort(), Object.values(SESSION_EXIT).sort())
  const rows = SESSION_EXIT_MEANINGS.map(([code, meaning]) => `| ${code} | ${meaning} |`)
  const table = ['| code | |', '| --- | --- |', ...rows, '| 255 | `ssh` itself failed, or lost the connection |'].join(
    '\n',
  )
  const page = readFileSync(join(import.meta.dirname, '../../docs/console.md'), 'utf8')
  assert.ok(page.includes(`-->\n${table}\n<!--`), `put this table into docs/console.md:\n${table}`)
})

test.run()
