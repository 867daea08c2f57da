import * as assert from 'uvu/assert'
import { startProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { sshArgs, statusWhere } from './testing/bridge-fixture.ts'
import { bridgeOnPty } from './testing/bridge-on-pty.ts'

const test = suite('lost session')

test('a lost session gets its place and all output back; one that is closed does not', async context => {
  const { target, files, attach } = await bridgeOnPty(context)
  // ssh itself, so that it can be killed: with -tt it needs no terminal.
  const lost = startProgram('ssh', ['-tt', ...sshArgs(files, 'alice', 'core-sw1')])
  context.cleanup(() => lost.stop())
  await lost.says(/for help\]/)
  const bob = await attach('bob')
  lost.child.stdin?.write('a')
  await statusWhere(files, 'typed', ({ consoles }) => consoles[0]?.bytesOut === 1)
  target.says('before\r\n')
  await lost.says(/before/)
  lost.child.kill('SIGKILL')
  await bob.says(/the keyboard is kept for alice, whose connection was lost, until [-\d: ]+ UTC\]/)
  bob.types('no')
  await bob.says(/not sent: the keyboard is kept for alice, .* UTC; Ctrl-\] w to take over\]/)
  target.says('said meanwhile\r\n')
  await bob.says(/said meanwhile/)
  const again = await attach('alice')
  await again.says(/your connection was lost at .*said meanwhile/s)
  assert.match(again.output(), 'you type')
  await bob.says(/alice is back/)
  // Closed, by ssh's own escape: the keyboard is free at once.
  again.types('\r~.')
  await bob.says(/alice left: the next operator who types has the console/)
  await waitFor('the end', async () => again.child.exitCode !== null)
})

test('who comes back before their dead connection is noticed gets the keyboard', async context => {
  const { files, target, attach } = await bridgeOnPty(context)
  const dead = startProgram('ssh', ['-tt', ...sshArgs(files, 'alice', 'core-sw1')])
  context.cleanup(() => dead.child.kill('SIGKILL'))
  await dead.says(/for help\]/)
  dead.child.kill('SIGSTOP')
  const again = await attach('alice')
  assert.match(again.output(), 'alice types, you watch')
  await again.says(/the earlier connection of alice was lost: this one types now/)
  again.types('typed')
  await target.hears(/typed/)
})

test('on_leave = "dtr-drop" is said to do nothing where the line has no modem lines, such as a pty', async context => {
  const { target, attach } = await bridgeOnPty(context, { onLeave: 'dtr-drop' })
  const olga = await attach('olga')
  const alice = await attach('alice')
  assert.match(alice.output(), '[oobm: on_leave = "dtr-drop" does nothing here: this line has no modem lines]')
  alice.types('x')
  await target.hears(/x/)
  alice.types('\x1dd')
  await olga.says(/\[oobm: the last operator left, and DTR did not fall and rise: \S+ has no modem lines\]/)
  const bob = await attach('bob')
  assert.match(bob.output(), /alice typed last, until .*: the target may still be logged in as them/)
})

test.run()
