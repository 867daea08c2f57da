import * as assert from 'uvu/assert'
import { suite } from '../../tools/suite.ts'
import { consoleCommand, readRequest } from './console.ts'

const test = suite('oobm console: arguments')

const TAKEN: [args: string, login: string, command: string][] = [
  ['attach', 'console', ''],
  ['attach sw1', 'sw1', ''],
  ['watch', 'console', 'watch'],
  ['watch sw1', 'sw1', 'watch'],
  ['break', 'console', 'break'],
  ['break 500', 'console', 'break 500'],
  ['break sw1', 'sw1', 'break'],
  ['break sw1 500', 'sw1', 'break 500'],
  ['release sw1', 'sw1', 'release'],
  ['list', 'console', 'list'],
  ['status', 'console', 'status'],
  ['status --json', 'console', 'status --json'],
]

test('names a console before the arguments of the command, or none', () => {
  for (const [args, login, command] of TAKEN) {
    const request = readRequest(args.split(' '))
    assert.equal([request.login, request.command.join(' ')], [login, command], args)
  }
})

const REFUSED: [args: string, problem: string][] = [
  ['', 'no command given'],
  ['open', 'unknown command "open"'],
  ['dismiss tokyo', 'unknown command "dismiss"'],
  ['list sw1', 'unexpected argument "sw1"'],
  ['attach sw1 sw2', 'unexpected argument "sw2"'],
  ['watch --json', 'unexpected argument "--json"'],
  ['break sw1 long', 'unexpected argument "long"'],
]

test('refuses anything else with the usage', () => {
  for (const [args, problem] of REFUSED) {
    assert.throws(
      () => readRequest(args.split(' ')),
      (err: Error) => err.message === `oobm: ${problem}\nusage: oobm ${consoleCommand.usage}`,
      args,
    )
  }
  assert.match(consoleCommand.usage, 'console attach [NAME] | watch [NAME] | break [NAME] [MS] | release [NAME] | ')
})

test.run()
