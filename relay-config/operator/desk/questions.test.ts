import * as assert from 'uvu/assert'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { suite } from '../../../testbed/suite.ts'
import { createQuestions } from './questions.ts'

const test = suite('questions of the desk’s page')
const signal = new AbortController().signal

test('anything else is refused, and what this person may not open', async () => {
  const asked: string[] = []
  const questions = createQuestions({
    config: '/nowhere',
    mayOpen: name => name === 'sw1',
    mayOpenShell: device => device === 'rack1',
    operator: {
      relaysOf: device => (device === 'rack1' ? ['lon'] : []),
      run: async (relay, command, { values, positionals }) => {
        asked.push(JSON.stringify([relay, command, values, positionals]))
        return '  done\u001b\n'
      },
    },
    changed: () => {},
  })
  const bad: [keyof typeof questions, unknown][] = [
    ...[
      null,
      7,
      {},
      { command: 'cycle', console: 'sw1' },
      { command: 'set', console: 'sw1', words: ['speed 9600'], keep: false },
      { command: 'message', console: 'sw1', text: 'a\nb' },
      { command: 'break', console: '-oProxyCommand=x' },
    ].map((one): [keyof typeof questions, unknown] => ['/ask/console', one]),
    ['/ask/console', { command: 'break', console: 'sw1', ms: 1e9 }],
    ['/ask/console', { command: 'log', console: 'sw1', lines: 5, since: '--raw' }],
    ['/ask/console', { command: 'who', console: 'sw2' }],
    ['/ask/console', { command: 'who', console: 'sw1', more: 1 }],
    ['/ask/switch', { device: 'rack1', on: false, for: '1 year' }],
    ['/ask/switch', { device: 'rack9', on: true }],
    ['/ask/at-device', { device: 'rack9', ask: 'doctor' }],
    ['/ask/at-device', { device: 'rack1', ask: 'doctor; id' }],
    ['/ask/at-device', { device: 'rack1', ask: 'toString' }],
    ['/ask/settings', { device: 'rack9' }],
    ['/ask/history', { device: '../x' }],
  ]
  for (const [path, one] of bad) {
    const problem = await questions[path](one, signal).then(
      () => undefined,
      err => err,
    )
    assert.instance(problem, UserError, JSON.stringify(one))
    assert.is(problem.exitCode, EXIT.usage)
  }
  assert.equal(asked, [])
  const told = await questions['/ask/switch']({ device: 'rack1', on: false, for: '2h', reason: 'x' }, signal)
  assert.equal(told, [{ relay: 'lon', said: 'done?', problem: undefined }])
  assert.equal(asked, ['["lon","off",{"for":"2h","reason":"x"},["rack1"]]'])
})

test.run()
