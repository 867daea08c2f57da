import * as assert from 'uvu/assert'
import { EXIT, UserError } from '../runtime/errors.ts'
import { nearest } from '../runtime/nearest.ts'
import { suite } from '../testbed/suite.ts'
import { type CommandTable, type Program, usageError } from './command.ts'
import { type CommandLine, runCommandLine } from './read-command-line.ts'

interface Command extends CommandTable<Command> {
  run?(line: CommandLine<Command>): Promise<number>
}

const echo = async ({ path, values, positionals, args }: CommandLine<Command>) => {
  said.push(JSON.stringify({ path, values, positionals, args }))
  return 7
}
const PROGRAM: Program<Command> = {
  name: 'prog',
  summary: 'try the kit',
  version: '1.2.3',
  groups: {
    One: {
      status: {
        summary: 'show',
        options: { json: { help: 'as JSON' }, for: { value: 'TIME', help: 'how long' } },
        run: echo,
      },
      copy: {
        summary: 'copy',
        arguments: [
          { value: 'FROM', help: 'what' },
          { value: 'TO', isOptional: true, isRepeated: true, help: 'where' },
        ],
        options: { depth: { value: 'N', default: '3', help: 'how deep' } },
        run: echo,
      },
    },
    Two: {
      add: {
        summary: 'add',
        commands: {
          device: { summary: 'a device', options: { port: { value: 'N', help: 'its port' } }, run: echo },
          person: {
            summary: 'a person',
            options: { role: { choices: ['operator', 'observer'], help: 'their role' } },
            run: async () => usageError('a person needs a key'),
          },
        },
      },
      remove: {
        summary: 'remove',
        options: { all: { help: 'everything' } },
        commands: { device: { summary: 'a device', arguments: [{ value: 'NAME', help: 'which' }], run: echo } },
        run: echo,
      },
      show: { summary: 'show', arguments: [{ choices: ['red', 'blue'], isOptional: true, help: 'which' }], run: echo },
    },
  },
  options: { fleet: { value: 'FILE', help: 'the file' } },
}

let said: string[] = []

async function run(...argv: string[]): Promise<{ code: number; said: string }> {
  said = []
  try {
    const code = await runCommandLine(
      PROGRAM,
      argv,
      text => said.push(text),
      line => line.command.run(line),
    )
    return { code, said: said.join('\n') }
  } catch (err) {
    if (!(err instanceof UserError)) throw err
    return { code: err.exitCode, said: err.message }
  }
}

const test = suite('a command line')

test('gives a command its options, arguments and defaults', async () => {
  const rows: [string[], object][] = [
    [['status'], { path: 'status', values: {}, positionals: [], args: [] }],
    [
      ['status', '--for', '2h', '--json', '--fleet=-x'],
      {
        path: 'status',
        values: { for: '2h', json: true, fleet: '-x' },
        positionals: [],
        args: ['--for', '2h', '--json', '--fleet=-x'],
      },
    ],
    [
      ['copy', 'a', '--', '-b', 'c'],
      { path: 'copy', values: { depth: '3' }, positionals: ['a', '-b', 'c'], args: ['a', '--', '-b', 'c'] },
    ],
    [
      ['copy', '--depth', '-', 'a'],
      { path: 'copy', values: { depth: '-' }, positionals: ['a'], args: ['--depth', '-', 'a'] },
    ],
    [
      ['add', '--port', 'device', 'device'],
      { path: 'add device', values: { port: 'device' }, positionals: [], args: ['--port', 'device'] },
    ],
    [['remove', '--all'], { path: 'remove', values: { all: true }, positionals: [], args: ['--all'] }],
    [['remove', 'device', 'x'], { path: 'remove device', values: {}, positionals: ['x'], args: ['x'] }],
    [['show', 'red'], { path: 'show', values: {}, positionals: ['red'], args: ['red'] }],
  ]
  for (const [argv, expected] of rows) {
    const { code, said } = await run(...argv)
    assert.is(code, 7, `${argv.join(' ')}: ${said}`)
    assert.equal(JSON.parse(said), expected)
  }
})

test('refuses what the table does not have, says what it is and where the help is', async () => {
  const rows: [string[], RegExp][] = [
    [[], /^prog: no command given\n\nusage: prog COMMAND/],
    [['frobnicate'], /^prog: unknown command "frobnicate"; see "prog --help"$/],
    [['constructor'], /^prog: unknown command "constructor"; see/],
    [['stauts'], /^prog: unknown command "stauts" \(did you mean "status"\?\); see "prog --help"$/],
    [['--json'], /^prog: unknown command "--json"/],
    [['add'], /^prog add: no command given: device, person; see "prog add --help"$/],
    [['add', 'devise'], /^prog add: unknown command "devise" \(did you mean "device"\?\)/],
    [['status', 'now'], /^prog status: unexpected argument "now"; see "prog status --help"$/],
    [['status', '--jsno'], /^prog status: unknown option "--jsno" \(did you mean "--json"\?\)/],
    [['status', '--json=x'], /option --json takes no value/],
    [['status', '--for'], /option --for needs a value, TIME/],
    [['status', '--for', '--json'], /option --for needs a value, TIME/],
    [['status', '--constructor', 'x'], /unknown option "--constructor"/],
    [['status', '-x'], /unknown option "-x"/],
    [['copy'], /^prog copy: missing argument FROM;/],
    [
      ['add', 'person', '--role', 'opertor'],
      /--role "opertor" is not one of operator, observer \(did you mean "operator"\?\)/,
    ],
    [['show', 'green'], /"green" is not one of red, blue/],
    [['add', 'person'], /^prog add person: a person needs a key; see "prog add person --help"$/],
  ]
  for (const [argv, pattern] of rows) {
    const { code, said } = await run(...argv)
    assert.is(code, EXIT.usage, argv.join(' '))
    assert.match(said, pattern)
  }
})

test('answers help and version before anything else is wrong', async () => {
  for (const argv of [['--help'], ['-h'], ['help']]) assert.match((await run(...argv)).said, /^usage: prog COMMAND/)
  for (const argv of [
    ['add', '-h'],
    ['help', 'add'],
  ])
    assert.match((await run(...argv)).said, /^usage: prog add COMMAND/)
  for (const argv of [
    ['copy', '--help'],
    ['--help', 'copy'],
    ['help', 'copy'],
  ])
    assert.match((await run(...argv)).said, /^usage: prog copy FROM \[TO\.\.\.\] \[OPTIONS\]/)
  assert.equal(await run('--version'), { code: 0, said: '1.2.3' })
  assert.equal(await run('copy', '--version'), { code: 0, said: '1.2.3' })
})

test('shows the meaning of each command, argument and option, and no line that is too wide', async () => {
  const { said: all } = await run('--help')
  assert.match(all, /\n\nOne:\n {2}status {2}show\n {2}copy {4}copy\n\nTwo:\n/)
  assert.match(all, /\n {2}--fleet FILE {2}the file\n {2}-h, --help {4}show this help\n/)
  const { said: copy } = await run('copy', '--help')
  assert.match(
    copy,
    /\nArguments:\n {2}FROM {2}what\n {2}TO {4}where\n\nOptions:\n {2}--depth N {5}how deep \(default: 3\)\n/,
  )
  const { said: remove } = await run('remove', '--help')
  assert.match(
    remove,
    /^usage: prog remove \[OPTIONS\]\n {7}prog remove COMMAND \[OPTIONS\]\n[\s\S]*\nCommands:\n {2}device {2}a device\n/,
  )
})

test('the nearest name differs by two letters at most, and by one where it is short', () => {
  const names = ['status', 'test', 'on', 'off']
  const rows: [string, string | undefined][] = [
    ['statsu', 'status'],
    ['satus', 'status'],
    ['tset', 'test'],
    ['offf', 'off'],
    ['no', 'on'],
    ['frobnicate', undefined],
    ['list', undefined],
    ['', undefined],
  ]
  for (const [typed, expected] of rows) assert.is(nearest(typed, names), expected, typed)
})

test.run()
