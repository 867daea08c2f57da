import * as assert from 'uvu/assert'
import type { OptionValues } from '../../cli/command.ts'
import type { ExecCommandName } from '../../formats/exec-commands.ts'
import { suite } from '../../testbed/suite.ts'
import { consoleCommand, lineOf } from './console.ts'

const test = suite('oobm console: arguments')

const TAKEN: [name: ExecCommandName, args: string[], login: string, line: string, values?: OptionValues][] = [
  ['watch', [], 'console', 'watch'],
  ['watch', ['sw1'], 'sw1', 'watch'],
  ['break', [], 'console', 'break'],
  ['break', ['500'], 'console', 'break 500'],
  ['break', ['sw1'], 'sw1', 'break'],
  ['break', ['sw1', '500'], 'sw1', 'break 500'],
  ['set', ['speed', '115200'], 'console', 'set speed 115200'],
  ['set', ['sw1', 'speed', '115200'], 'sw1', 'set speed 115200'],
  ['status', [], 'console', 'status --json', { json: true }],
  ['list', [], 'console', 'list'],
]

test('names a console before the arguments of the command, or none', () => {
  for (const [name, args, login, line, values = {}] of TAKEN)
    assert.equal(lineOf(name, { args, positionals: args, values }), { login, line }, name)
})

test('refuses what the bridge would refuse', () => {
  const line = (name: ExecCommandName, args: string[]) => lineOf(name, { args, positionals: args, values: {} })
  assert.throws(() => line('break', ['sw1', 'long']), /MS cannot be "long": it is a number of milliseconds/)
  assert.throws(() => line('list', ['sw1', 'x']), /unexpected argument "x"/)
})

test('has the commands of the bridge that are for people on this device', () => {
  const commands = Object.keys(consoleCommand.commands ?? {})
  for (const name of ['attach', 'watch', 'break', 'status']) assert.ok(commands.includes(name), name)
  for (const name of ['help', 'dismiss']) assert.not(commands.includes(name), name)
})

test.run()
