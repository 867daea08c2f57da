import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { BREAK_MS, EXEC_COMMANDS, type ExecCommandName, usageOf } from '../../formats/exec-commands.ts'
import { suite } from '../../testbed/suite.ts'
import { commandsHelp, parseCommand } from './exec-commands.ts'

const test = suite('exec commands')
const TECHNICIAN = { viaRelay: false, isDevice: false }
const BY_RELAY = { viaRelay: true, isDevice: false }
const DEVICE = { viaRelay: false, isDevice: true }

const TAKEN: [line: string, name: ExecCommandName, ...args: string[]][] = [
  ['help', 'help'],
  [' list ', 'list'],
  ['watch', 'watch'],
  ['release', 'release'],
  ['status', 'status'],
  ['status --json', 'status', '--json'],
  ['break', 'break'],
  ['break  700', 'break', '700'],
]

test('reads a command and its arguments', () => {
  for (const [line, name, ...args] of TAKEN) assert.equal(parseCommand(line, TECHNICIAN), { name, args })
})

const REFUSED: [line: string, problem: string][] = [
  ['', 'unknown command ""'],
  ['sh', 'unknown command "sh"'],
  ['BREAK', 'unknown command "BREAK"'],
  ['toString', 'unknown command "toString"'],
  ['break -1', 'invalid arguments; usage: break [MS]'],
  ['break 1e3', 'invalid arguments; usage: break [MS]'],
  ['break 1 2', 'invalid arguments; usage: break [MS]'],
  ['status --xml', 'invalid arguments; usage: status [--json]'],
  ['watch x', 'invalid arguments; usage: watch'],
  ['help me', 'invalid arguments; usage: help'],
]

test('says what is wrong with anything else', () => {
  for (const [line, problem] of REFUSED) assert.is(parseCommand(line, TECHNICIAN), problem, line)
})

test('executes through the relay only what concerns the one console', () => {
  for (const [line, name, ...args] of TAKEN) {
    const isKept = ['watch', 'break', 'release', 'status'].includes(name)
    const refusal = `"${name}" is not available through the relay`
    assert.equal(parseCommand(line, BY_RELAY), isKept ? { name, args } : refusal)
  }
  assert.is(parseCommand('sh', BY_RELAY), 'unknown command "sh"')
})

test('ends the sessions of others only for the device itself', () => {
  assert.equal(parseCommand('dismiss tokyo carol', DEVICE), { name: 'dismiss', args: ['tokyo', 'carol'] })
  for (const asker of [TECHNICIAN, BY_RELAY]) {
    assert.is(parseCommand('dismiss tokyo carol', asker), 'unknown command "dismiss"')
  }
  for (const odd of ['dismiss', 'dismiss a b c', 'dismiss to\x1bkyo', 'dismiss tokyo ;id']) {
    assert.is(parseCommand(odd, DEVICE), 'invalid arguments; usage: dismiss DEVICE [BY]', odd)
  }
})

test('helps each with the commands that they may execute', () => {
  const help = commandsHelp(TECHNICIAN)
  for (const line of [
    'ssh CONSOLE                  open the console',
    'ssh CONSOLE break [MS]       send a BREAK of 300 ms, or of MS (100 to 3000)',
    'ssh CONSOLE list             list your consoles',
  ]) {
    assert.ok(help.includes(line), help.join('\n'))
  }
  const byRelay = commandsHelp(BY_RELAY).join('\n')
  assert.match(byRelay, /^ssh NAME@RELAY CONSOLE break \[MS\] {6} send/m)
  assert.not.match(byRelay, /list|help/)
  assert.not.match([...help, byRelay].join('\n'), 'dismiss')
})

const page = (name: string) => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8')

test('docs/console.md has the commands, and the bounds of a BREAK', () => {
  const rows = Object.entries(EXEC_COMMANDS).flatMap(([name, { access, help }]) =>
    access === 'device' ? [] : [`| \`ssh core-sw1 ${usageOf(name as ExecCommandName)}\` | ${help} |`],
  )
  const table = ['| command | |', '| --- | --- |', '| `ssh core-sw1` | open the console |', ...rows].join('\n')
  assert.ok(page('console.md').includes(`-->\n${table}\n<!--`), `put this table into docs/console.md:\n${table}`)
  const { min, max, default: length } = BREAK_MS
  const bounds = `at least ${min} ms and at most ${max} ms; without a length, ${length} ms`
  assert.ok(page('console.md').replace(/\s+/g, ' ').includes(bounds), `say in docs/console.md: ${bounds}`)
})

test('docs/ways-in.md has the commands that are available through the relay', () => {
  const row = /^\| may not \| .*$/m.exec(page('ways-in.md'))?.[0] ?? ''
  const listed = [...row.matchAll(/`([a-z]+)`/g)].map(([, name = '']) => name).filter(name => name in EXEC_COMMANDS)
  const names = Object.entries(EXEC_COMMANDS).flatMap(([name, { access }]) => (access === 'any' ? [name] : []))
  assert.equal(listed.sort(), names.sort())
})

test.run()
