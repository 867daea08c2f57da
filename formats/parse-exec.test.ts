import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { EXEC_COMMANDS, EXEC_NAMES, entryOf, isExecCommand, usageOf } from './exec-commands.ts'
import { parseExec } from './parse-exec.ts'

const test = suite('exec lines')

const TAKEN: [line: string, command: object][] = [
  ['help', { name: 'help', args: {}, options: {} }],
  ['--help', { name: 'help', args: {}, options: {} }],
  ['help break', { name: 'help', args: { COMMAND: 'break' }, options: {} }],
  ['break --help', { name: 'help', args: { COMMAND: 'break' }, options: {} }],
  [' list ', { name: 'list', args: {}, options: {} }],
  ['status', { name: 'status', args: {}, options: {} }],
  ['status --json', { name: 'status', args: {}, options: { json: true } }],
  ['break', { name: 'break', args: {}, options: {} }],
  ['set', { name: 'set', args: {}, options: {} }],
  ['set speed 115200 --keep 8n1', { name: 'set', args: { SETTING: 'speed 115200 8n1' }, options: { keep: true } }],
  ['break  700', { name: 'break', args: { MS: '700' }, options: {} }],
  ['break 700\n', { name: 'break', args: { MS: '700' }, options: {} }],
  ['run -- show  version', { name: 'run', args: {}, options: {}, rest: 'show  version' }],
  ['run --', { name: 'run', args: {}, options: {}, rest: '' }],
  [
    `run --json --until '[>#] ?$' --idle=5 -- it's "x"`,
    { name: 'run', args: {}, options: { json: true, until: '[>#] ?$', idle: '5' }, rest: `it's "x"` },
  ],
  [`run --until='-x' -- a`, { name: 'run', args: {}, options: { until: '-x' }, rest: 'a' }],
  [`'break' "700"`, { name: 'break', args: { MS: '700' }, options: {} }],
]

test('reads a command, its options and its arguments', () => {
  for (const [line, command] of TAKEN) assert.equal(parseExec(line), command, line)
})

const BREAK = 'usage: break [--as NAME] [--sysrq KEY] [--then TEXT] [MS]'
const RUN = `usage: ${usageOf('run', true)}`
const REFUSED: [line: string, problem: string][] = [
  ['', 'unknown command ""'],
  ['sh', 'unknown command "sh"'],
  ['BREAK', 'unknown command "BREAK"'],
  ['toString', 'unknown command "toString"'],
  ['braek', 'unknown command "braek" (did you mean "break"?)'],
  ['\x1b[2J', 'unknown command "?[2J"'],
  ['break -1', `break: unknown option "-1"; ${BREAK}`],
  ['break 1e3', `break: MS cannot be "1e3": it is a number of milliseconds; ${BREAK}`],
  ['break ""', `break: MS cannot be "": it is a number of milliseconds; ${BREAK}`],
  [
    'set speed fast',
    'set: SETTING cannot be "fast": it is a setting such as "speed 115200", "parity even", "bits 7", "stop 2", "flow rts-cts", "dtr off", "8N1"; usage: set [--keep] [--default] [SETTING...]',
  ],
  ['break 1 2', `break: unexpected argument "2"; ${BREAK}`],
  ['break -- 1', `break: nothing may follow "--"; ${BREAK}`],
  ['status --xml', 'status: unknown option "--xml"; usage: status [--json]'],
  ['status --jsno', 'status: unknown option "--jsno" (did you mean "--json"?); usage: status [--json]'],
  ['status --json=1', 'status: option --json takes no value; usage: status [--json]'],
  ['status --json --json', 'status: option --json is given twice; usage: status [--json]'],
  ['status --constructor', 'status: unknown option "--constructor"; usage: status [--json]'],
  ['watch x', 'watch: unexpected argument "x"; usage: watch [--lines N]'],
  ['run --until', `run: option --until needs a value, RE; ${RUN}`],
  ['run --until -- x', `run: option --until needs a value, RE; ${RUN}`],
  ['run --until --json -- x', `run: option --until needs a value, RE; ${RUN}`],
  [`run --until '' -- x`, `run: --until cannot be "": it is printable text; ${RUN}`],
  ['run --idle 0 -- x', `run: --idle cannot be "0": it is a number of seconds; ${RUN}`],
  ['run --utnil x', `run: unknown option "--utnil" (did you mean "--until"?); ${RUN}`],
  ['run show version', `run: unexpected argument "show"; ${RUN}`],
  ['run -- show\rreload', `run: what follows "--" must be one line; ${RUN}`],
  ['run -- show\nreload', `run: what follows "--" must be one line; ${RUN}`],
  ['dismiss', 'dismiss: missing argument DEVICE; usage: dismiss DEVICE [BY]'],
  [`watch 'x`, "the quote ' is not closed"],
  [`watch ${'x'.repeat(5_000)}`, 'the command is longer than 4096 characters'],
]

test('says what is wrong with anything else', () => {
  for (const [line, problem] of REFUSED) {
    const read = parseExec(line)
    assert.is('problem' in read ? read.problem : 'taken', problem, line)
  }
})

test('knows only the commands that exist for the asker', () => {
  assert.equal(parseExec('list', ['break']), { problem: 'unknown command "list"' })
  assert.equal(parseExec('dismis', ['break']), { problem: 'unknown command "dismis"' })
})

test('the table is well formed: names of one or two words, labels in capitals, required arguments first', () => {
  for (const name of EXEC_NAMES) {
    const { arguments: values = [], options = {} } = entryOf(name)
    assert.match(name, /^[a-z0-9-]+( [a-z0-9-]+)?$/)
    // A word is either a command or has commands below it.
    if (name.includes(' ')) assert.not(isExecCommand(name.split(' ')[0] ?? ''), name)
    for (const { value } of values) assert.match(value, /^[A-Z]+$/, name)
    for (const [option, { value = 'X' }] of Object.entries(options)) {
      assert.match(option, /^[a-z0-9][a-z0-9-]*$/, name)
      assert.match(value, /^[A-Z]+$/, name)
      assert.not(['help', 'version'].includes(option), name)
    }
    const optional = values.map(({ isOptional }) => isOptional ?? false)
    assert.equal(optional, [...optional].sort(), name)
    assert.not.match(EXEC_COMMANDS[name].help, /[.\n]$/)
  }
  assert.is(usageOf('break'), 'break [OPTIONS] [MS]')
})

test.run()
