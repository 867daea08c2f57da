import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { screenOf } from '../testbed/tmux-screen.ts'
import { runCommand, sshArgs, startBridge, statusWhere } from './testing/bridge-fixture.ts'
import { bridgeOnPty } from './testing/bridge-on-pty.ts'

const test = suite('people at a console')

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
