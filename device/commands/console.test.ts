import * as assert from 'uvu/assert'
import type { ExecCommandName } from '../../formats/exec-commands.ts'
import { suite } from '../../testbed/suite.ts'
import { consoleCommand, requestOf } from './console.ts'

const test = suite('oobm console: arguments')

const TAKEN: [name: ExecCommandName, positionals: string[], login: string, args: string[]][] = [
  ['watch', [], 'console', []],
  ['watch', ['sw1'], 'sw1', []],
  ['break', [], 'console', []],
  ['break', ['500'], 'console', ['500']],
  ['break', ['sw1'], 'sw1', []],
  ['break', ['sw1', '500'], 'sw1', ['500']],
  ['list', [], 'console', []],
]

test('names a console before the arguments of the command, or none', () => {
  for (const [name, positionals, login, args] of TAKEN)
    assert.equal(requestOf(name, positionals), { login, args }, name)
})

test('refuses what the bridge would refuse', () => {
  assert.throws(() => requestOf('break', ['sw1', 'long']), /unexpected argument "long"/)
})

test('has the commands of the bridge that are for people on this device', () => {
  const commands = Object.keys(consoleCommand.commands ?? {})
  for (const name of ['attach', 'watch', 'break', 'status']) assert.ok(commands.includes(name), name)
  for (const name of ['help', 'dismiss']) assert.not(commands.includes(name), name)
})

test.run()
