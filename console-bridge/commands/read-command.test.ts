import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { BREAK_MS, EXEC_COMMANDS, EXEC_NAMES } from '../../formats/exec-commands.ts'
import { suite } from '../../testbed/suite.ts'
import { commandsHelp } from './help.ts'
import { namesFor, readCommand } from './read-command.ts'

const test = suite('exec commands')
const TECHNICIAN = { viaRelay: false, isDevice: false }
const BY_RELAY = { viaRelay: true, isDevice: false }
const DEVICE = { viaRelay: false, isDevice: true }

test('executes through the relay only what the table lets', () => {
  for (const name of EXEC_NAMES) {
    const { access } = EXEC_COMMANDS[name]
    if (access === 'device') continue
    const needs: Partial<Record<string, string>> = {
      ...{ kick: 'bob', 'recordings play': '1', 'recordings export': '1' },
      ...{ xmodem: 'send', ymodem: 'receive' },
    }
    const read = readCommand(`${name} ${needs[name] ?? ''}`, BY_RELAY)
    if (access === 'any') assert.not('problem' in read && /relay/.test(read.problem), name)
    else assert.equal(read, { problem: `"${name}" is not available through the relay` })
  }
  assert.equal(readCommand('sh', BY_RELAY), { problem: 'unknown command "sh"' })
})

test('ends the sessions of others only for the device itself', () => {
  assert.equal(readCommand('dismiss tokyo carol', DEVICE), {
    name: 'dismiss',
    args: { DEVICE: 'tokyo', BY: 'carol' },
    options: {},
  })
  for (const asker of [TECHNICIAN, BY_RELAY]) {
    assert.equal(readCommand('dismiss tokyo carol', asker), { problem: 'unknown command "dismiss"' })
    assert.not(namesFor(asker).includes('dismiss'))
  }
  assert.equal(readCommand("tell --lost 12 -- it's --gone", DEVICE), {
    ...{ name: 'tell', args: {}, options: { lost: '12' }, rest: "it's --gone" },
  })
  assert.equal(readCommand('tell -- x', TECHNICIAN), { problem: 'unknown command "tell"' })
  for (const odd of [
    'tell x',
    'tell --lost 0 -- x',
    'dismiss',
    'dismiss a b c',
    'dismiss to\x1bkyo',
    'dismiss tokyo ;id',
  ]) {
    assert.ok('problem' in readCommand(odd, DEVICE), odd)
  }
})

test('helps each with the commands that they may execute', () => {
  const help = commandsHelp(TECHNICIAN).join('\n')
  assert.match(help, /^ssh CONSOLE {2,}open the console$/m)
  assert.match(help, /^ssh CONSOLE break \[OPTIONS\] \[MS\] {2,}send a BREAK of 300 ms, or of MS \(100 to 3000\)$/m)
  assert.match(help, /^ssh CONSOLE list {2,}list your consoles$/m)
  const byRelay = commandsHelp(BY_RELAY).join('\n')
  assert.match(byRelay, /^ssh NAME@RELAY CONSOLE break \[OPTIONS\] \[MS\] {2,}send/m)
  assert.not.match(byRelay, /CONSOLE list /)
  assert.not.match(help + byRelay, 'dismiss')
})

test('docs/console.md has the bounds of a BREAK', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/console.md'), 'utf8')
  const { min, max, default: length } = BREAK_MS
  const bounds = `at least ${min} ms and at most ${max} ms; without a length, ${length} ms`
  assert.ok(page.replace(/\s+/g, ' ').includes(bounds), `say in docs/console.md: ${bounds}`)
})

test.run()
