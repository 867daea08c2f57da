import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { fakeConsole } from '../testing/fake-console.ts'
import { escapeHelp, mayUse } from './escape-help.ts'
import { ESCAPE_MENU } from './escape-menu.ts'

const test = suite('escape help')

test('fits a screen of 24 lines of 80 columns, and names the console and who types', context => {
  const { console, attach } = fakeConsole(context)
  const alice = attach('alice', { isAdmin: true })
  const lines = escapeHelp(console, alice.seat, 'Ctrl-]')
  assert.ok(lines.length <= 20, String(lines.length))
  for (const line of lines) assert.ok(`[oobm: ${line}]`.length <= 79, line)
  assert.match(lines[0] ?? '', /^core-sw1 {2}9600 8N1 {2}open {2}you type/)
  const text = lines.join('\n')
  for (const { help } of ESCAPE_MENU) assert.match(text, help)
})

test('shows only what this person may do', context => {
  const { console, attach } = fakeConsole(context)
  const olga = attach('olga', { role: 'observer' })
  const text = escapeHelp(console, olga.seat, 'Ctrl-]').join('\n')
  assert.match(text, 'message to the others')
  for (const hidden of ['send a BREAK', 'take over typing', "end another's session"]) assert.not.match(text, hidden)
  const kick = ESCAPE_MENU.find(({ command }) => command === 'kick') as (typeof ESCAPE_MENU)[number]
  assert.ok(mayUse(kick, { mayType: true, isAdmin: true }))
  assert.not(mayUse(kick, { mayType: true, isAdmin: true, via: 'relay' }))
  assert.not(mayUse(kick, { mayType: true }))
})

test.run()
