import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { fakeConsole } from '../testing/fake-console.ts'
import { escapeHelp, mayUse } from './escape-help.ts'
import { type EscapeSetting, escapeKeysOf } from './escape-keys.ts'
import { ESCAPE_MENU } from './escape-menu.ts'

const test = suite('escape help')

const keysOf = (set: EscapeSetting['set']) => escapeKeysOf({ key: 'ctrl-]', set })

for (const set of ['oobm', 'conserver'] as const) {
  test(`${set}: fits a screen of 24 lines of 80 columns, and names the console and who types`, context => {
    const { console, attach } = fakeConsole(context)
    const alice = attach('alice', { isAdmin: true })
    const lines = escapeHelp(console, alice.seat, keysOf(set))
    assert.ok(lines.length <= 20, String(lines.length))
    for (const line of lines) assert.ok(`[oobm: ${line}]`.length <= 79, line)
    assert.match(lines[0] ?? '', /^core-sw1 {2}9600 8N1 {2}open {2}you type/)
    const text = lines.join('\n')
    for (const { help } of ESCAPE_MENU) assert.match(text, help)
  })
}

test("shows conserver's keys where they are in force", context => {
  const { console, attach } = fakeConsole(context)
  const text = escapeHelp(console, attach('alice').seat, keysOf('conserver')).join('\n')
  for (const row of [' f a  take over typing', '  l0  send a BREAK', ' w u  who is here', '   D  pace what you paste'])
    assert.match(text, row)
  assert.match(text, 'press ^E c, then a key')
  assert.not.match(text, 'Ctrl-]')
})

test('says what a program presses: it does what the key does', () => {
  for (const set of ['oobm', 'conserver'] as const)
    for (const command of ['take-over', 'give-up', 'message'] as const)
      assert.equal(
        keysOf(set)
          .parser()
          .feed(Buffer.from(keysOf(set).typed(command), 'latin1'), false),
        [{ kind: 'command', command }],
      )
  assert.is(escapeKeysOf({ key: 'ctrl-a', set: 'oobm' }).typed('take-over'), '\x01w')
})

test('names the equipment below the console, in as many columns as the rest', context => {
  for (const label of [
    { site: 'Tokyo DC2', rack: '14', model: 'Catalyst 9300', contact: 'noc@example.com' },
    { site: '東京第二データセンター', rack: '14', model: 'x'.repeat(100) },
  ]) {
    const { console, attach } = fakeConsole(context, { label })
    const [, shown = ''] = escapeHelp(console, attach('alice').seat, keysOf('oobm'))
    assert.match(shown, label.site)
    assert.match(shown, ', rack 14, ')
    const wide = [...shown].filter(character => character > 'ᄀ').length
    assert.is([...shown].length + wide, 71, shown)
  }
})

test('shows only what this person may do', context => {
  const { console, attach } = fakeConsole(context)
  const olga = attach('olga', { role: 'observer' })
  const text = escapeHelp(console, olga.seat, keysOf('oobm')).join('\n')
  assert.match(text, 'message to the others')
  for (const hidden of ['send a BREAK', 'take over typing', "end another's session"]) assert.not.match(text, hidden)
  const kick = ESCAPE_MENU.find(({ command }) => command === 'kick') as (typeof ESCAPE_MENU)[number]
  assert.ok(mayUse(kick, { mayType: true, isAdmin: true }))
  assert.not(mayUse(kick, { mayType: true, isAdmin: true, via: 'relay' }))
  assert.not(mayUse(kick, { mayType: true }))
})

test.run()
