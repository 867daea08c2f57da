import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { ESCAPE_MENU, escapeByteOf, escapeCommandOf, escapeNameOf, escapeRows } from './escape-menu.ts'

const test = suite('escape menu')

test('knows its key by byte and by name', () => {
  assert.is(escapeByteOf('ctrl-]'), 0x1d)
  assert.is(escapeByteOf('ctrl-a'), 0x01)
  assert.is(escapeByteOf('ctrl-\\'), 0x1c)
  assert.is(escapeByteOf('ctrl-^'), 0x1e)
  assert.is(escapeByteOf('ctrl-_'), 0x1f)
  assert.is(escapeNameOf('ctrl-]'), 'Ctrl-]')
  assert.is(escapeNameOf('ctrl-a'), 'Ctrl-A')
})

test('each key is there once, in lower case, with a help that fits its column', () => {
  const keys = ESCAPE_MENU.map(({ key }) => key)
  assert.equal([...new Set(keys)], keys)
  for (const { key, command, help } of ESCAPE_MENU) {
    assert.is(key, key.toLowerCase())
    assert.is(key.length, 1)
    assert.ok(help.length <= 30, help)
    assert.is(escapeCommandOf(key.toUpperCase()), command)
  }
  assert.is(escapeCommandOf('\r'), undefined)
})

test('docs/console.md has each key', () => {
  const rows = escapeRows().map(({ keys, help }) => `| ${keys.map(key => `\`${key}\``).join(' or ')} | ${help} |`)
  const table = ['| key | |', '| --- | --- |', ...rows, '| `Ctrl-]` | send `Ctrl-]` itself |'].join('\n')
  const page = readFileSync(join(import.meta.dirname, '../../docs/console.md'), 'utf8')
  assert.ok(page.includes(`-->\n${table}\n<!--`), `put this table into docs/console.md:\n${table}`)
})

test.run()
