import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { CONSERVER_KEYS, shownKeys } from './conserver-keys.ts'
import { ESCAPE_MENU } from './escape-menu.ts'

const test = suite('conserver keys')
/** All that conserver 8.2.7 has (console(1), "Escape sequences"), without the digits after `l` and the octal ones. */
const THEIRS = [...'.;abcdfgiLmopPrRsuvwxz!|?\r\x12', 'ecc', 'l?', 'l0']

test('each key is there once, every command has one, and none means something else to conserver', () => {
  const keys = CONSERVER_KEYS.map(key => key.keys)
  assert.equal([...new Set(keys)], keys)
  for (const { command } of ESCAPE_MENU)
    assert.ok(
      CONSERVER_KEYS.some(key => key.command === command),
      command,
    )
  for (const { keys, theirs, command } of CONSERVER_KEYS) {
    assert.is(THEIRS.includes(keys), theirs !== undefined, `${shownKeys(keys)}: ${command}`)
    // The parser ends at the first match.
    assert.not(
      CONSERVER_KEYS.some(other => other.keys !== keys && other.keys.startsWith(keys)),
      keys,
    )
  }
})

test('docs/console.md has each key', () => {
  const helpOf = (command: string) => ESCAPE_MENU.find(entry => entry.command === command)?.help
  const rows = CONSERVER_KEYS.map(
    ({ keys, command, theirs = '' }) => `| \`^Ec${shownKeys(keys)}\` | ${helpOf(command)} | ${theirs} |`,
  )
  const table = ['| key | here | in conserver |', '| --- | --- | --- |', ...rows].join('\n')
  const page = readFileSync(join(import.meta.dirname, '../../docs/console.md'), 'utf8')
  assert.ok(page.includes(`-->\n${table}\n<!--`), `put this table into docs/console.md:\n${table}`)
})

test.run()
