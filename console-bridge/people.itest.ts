import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { screenOf } from '../testbed/tmux-screen.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { runCommand, sshArgs, startBridge, statusWhere } from './testing/bridge-fixture.ts'
import { bridgeOnPty } from './testing/bridge-on-pty.ts'

const test = suite('people at a console')

test('the last lines with times are one block on a terminal of 24 lines of 80', async context => {
  const { target, files } = await bridgeOnPty(context)
  const directory = await mkdtemp(join(tmpdir(), 'oobm-'))
  context.cleanup(() => rm(directory, { recursive: true, force: true }))
  const screen = await screenOf(
    { cleanup: context.cleanup, onFailure: describe => context.onFailure(describe) },
    directory,
    ['ssh', ...sshArgs(files, 'alice', 'core-sw1')],
  )
  await screen.shows(/for help\]/)
  const hostile = '\x1b[2J\x1b[1;1H\x1b]0;title\x07\u202e[oobm: the line is closed]'
  const said = Array.from({ length: 30 }, (_, at) => `%LINK-3-UPDOWN: Interface Gi0/${at}, changed state to up\r\n`)
  target.says(`${said.join('')}${hostile}\r\nRouter#`)
  await waitFor('the transcript', async () =>
    (await runCommand(files, 'alice', 'core-sw1', 'log', '--lines', '3')).stdout.includes('Router#'),
  )
  await screen.keys('C-]', 'l')
  await screen.shows(/^\[oobm: end; more: ssh core-sw1 log/m)
  const lines = (await screen.text()).trimEnd().split('\n')
  const first = lines.findIndex(line => /^\[oobm: last 20 lines of core-sw1, .*times in UTC\]$/.test(line))
  assert.ok(first >= 0, lines.join('\n'))
  const block = lines.slice(first + 1, first + 21)
  for (const line of block) assert.match(line, /^(\d\d-\d\d )?\d\d:\d\d:\d\d\?? /)
  assert.match(block.at(-2) ?? '', / \[oobm: the line is closed\]$/)
  assert.match(block.at(-1) ?? '', / Router#$/)
  assert.match(lines[first + 21] ?? '', /^\[oobm: end/)
})

test('the menu and a message look right on a terminal of 24 lines of 80', async context => {
  const { target, files, attach } = await bridgeOnPty(context, { label: 'Tokyo DC2, rack 14' })
  // Short: a path of a socket has 108 bytes at most.
  const directory = await mkdtemp(join(tmpdir(), 'oobm-'))
  context.cleanup(() => rm(directory, { recursive: true, force: true }))
  const screen = await screenOf(
    { cleanup: context.cleanup, onFailure: describe => context.onFailure(describe) },
    directory,
    ['ssh', ...sshArgs(files, 'alice', 'core-sw1')],
  )
  await screen.shows(/\[oobm: Tokyo DC2, rack 14\]/)
  const bob = await attach('bob')
  await screen.keys('C-]', '?')
  const [head] = await screen.shows(/^\[oobm: core-sw1 {2}9600 8N1 {2}open {2}you type .*\]$/m)
  assert.is(head.length, 79)
  await screen.shows(/press Ctrl-\], then a key; Ctrl-\] twice sends it *\]$/m)
  for (const line of (await screen.text()).split('\n').filter(line => line.startsWith('[oobm: ')))
    assert.match(line, /\]$/, 'no line is broken')
  await screen.keys('C-]', 'm')
  await screen.literally('do not reboot')
  await screen.keys('Enter')
  await bob.says(/\[oobm: message from alice: do not reboot\]/)
  await screen.shows(/\[oobm: message sent to bob\]/)
  assert.is(target.heard(), '')
})

test('a message from another window reaches those who are here, and says so where nobody is', async context => {
  const { files, attach } = await bridgeOnPty(context)
  const send = (...words: string[]) => runCommand(files, 'alice', 'core-sw1', 'message', '--', ...words)
  const alone = await send('hello')
  assert.equal([alone.code, alone.stderr], [69, 'nobody else is here; the message was not sent\n'])
  const bob = await attach('bob')
  const told = await send('upgrade', 'begins')
  assert.equal([told.code, told.stdout], [0, 'message sent to bob\n'])
  await bob.says(/\[oobm: message from alice: upgrade begins\]/)
  const { code, stdout } = await runCommand(files, 'bob', 'core-sw1', 'status', '--json')
  assert.is(code, 0)
  assert.equal(JSON.parse(stdout).consoles[0].keys, { 'take-over': '\x1dw', 'give-up': '\x1dv' })
})

test('a note is read by all who come, also after a restart of the bridge', async context => {
  const { files, bridge, attach } = await bridgeOnPty(context)
  const run = (...command: string[]) => runCommand(files, 'alice', 'core-sw1', ...command)
  assert.is((await run('note', 'upgrade', 'running')).code, 0)
  await bridge.stop(10_000)
  await startBridge(context, files)
  await statusWhere(files, 'the note', ({ consoles }) => consoles[0]?.note?.text === 'upgrade running')
  assert.match((await attach('bob')).output(), /\[oobm: note by alice, .* UTC: upgrade running\]/)
  assert.match((await run('list')).stdout, /note by alice, .*upgrade running/)
  assert.match(
    (await run('who')).stdout,
    /^1 session at core-sw1\n {2}bob {2}types {2}since .* UTC {2}active {2}from 127/,
  )
  assert.is((await run('kick', 'bob')).code, 77)
  assert.is((await runCommand(files, 'olga', 'core-sw1', 'note', '--clear')).code, 77)
  assert.is((await run('note', '--clear')).code, 0)
  assert.is((await run('note')).stdout, 'there is no note\n')
})

test.run()
