/** A line that flow control holds: it is announced, shown and released, and nothing waits for it for ever. */
import * as assert from 'uvu/assert'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { runCommand, sshArgs, statusWhere } from './testing/bridge-fixture.ts'
import { bridgeOnPty } from './testing/bridge-on-pty.ts'

const test = suite('flow control')
const LIMIT = { timeoutMs: 120_000 }
const XOFF = '\x13'
const XON = '\x11'
const CAUSE = 'the target sent XOFF (Ctrl-S) and no XON since'

type FlowControl = 'none' | 'xon-xoff' | 'rts-cts'

async function withBridge(context: TestContext, flowControl: FlowControl = 'xon-xoff') {
  const made = await bridgeOnPty(context, { baudRate: 115_200, flowControl })
  const { files } = made
  const held = (isHeld: boolean) =>
    statusWhere(files, isHeld ? 'held' : 'not held', ({ consoles }) => (consoles[0]?.held !== undefined) === isHeld)
  return { ...made, held }
}

test(
  'sets the kind of flow control that is configured',
  async context => {
    const expected: Record<FlowControl, RegExp> = {
      none: / -ixon -ixoff.*-crtscts|-crtscts.* -ixon -ixoff/s,
      'xon-xoff': /-crtscts.* ixon ixoff/s,
      'rts-cts': / crtscts.* -ixon -ixoff/s,
    }
    for (const kind of ['none', 'xon-xoff', 'rts-cts'] as const) {
      const { target } = await withBridge(context, kind)
      const { stdout } = await runProgram('stty', ['-F', target.path, '-a'])
      assert.match(stdout, expected[kind], kind)
      assert.match(stdout, /^speed 115200 baud;/)
    }
  },
  LIMIT,
)

test(
  'tells everyone of a target’s XOFF, shows it in status and greeting, and ends it at XON',
  async context => {
    const { target, files, attach, held } = await withBridge(context)
    const alice = await attach('alice')
    target.says(XOFF)
    await waitFor('the line to be held', async () => {
      alice.types('a')
      return alice.output().includes('flow control holds the line')
    })
    const { consoles } = await held(true)
    assert.is(consoles[0]?.held?.cause, CAUSE)
    const bob = await attach('bob')
    await bob.says(
      /\[oobm: flow control has held the line since \S+ \S+ UTC: the target sent XOFF.*Ctrl-\] c to release it\]/,
    )
    assert.match(
      (await runCommand(files, 'bob', 'core-sw1', 'status')).stdout,
      /\n {2}held since \S+ \S+ UTC: the target sent/,
    )
    target.says(XON)
    for (const one of [alice, bob]) await one.says(/\[oobm: the line is free again\]/)
    await held(false)
    alice.types('b')
    await target.hears(/ab$/)
  },
  LIMIT,
)

test(
  'the key r and the command release free the line for operators, and flow control stays on',
  async context => {
    const { target, files, attach, held } = await withBridge(context)
    const alice = await attach('alice')
    const hold = async () => {
      target.says(XOFF)
      await waitFor('the line to be held', async () => {
        alice.types('a')
        return (await runCommand(files, 'bob', 'core-sw1', 'status')).stdout.includes('held since')
      })
    }
    await hold()
    const observer = await runCommand(files, 'olga', 'core-sw1', 'release')
    assert.is(observer.code, 77)
    await held(true)
    alice.types('\x1dc')
    await alice.says(/\[oobm: alice released flow control\]/)
    await held(false)
    await target.hears(/a$/)
    await hold()
    const ran = await runCommand(files, 'bob', 'core-sw1', 'release')
    assert.equal([ran.code, ran.stdout], [0, 'flow control of core-sw1 released\n'])
    await alice.says(/\[oobm: bob released flow control\]/)
    await held(false)
    assert.match((await runProgram('stty', ['-F', target.path, '-a'])).stdout, / ixon ixoff/)
    await target.unplug()
    await statusWhere(files, 'closed', ({ consoles }) => consoles[0]?.state === 'closed')
    const closed = await runCommand(files, 'bob', 'core-sw1', 'release')
    assert.is(closed.code, 69)
    assert.match(closed.stderr, /^flow control was not released: the line is closed: /)
  },
  LIMIT,
)

test(
  'RTS/CTS stays off after a release until the line is reopened',
  async context => {
    const { target, files } = await withBridge(context, 'rts-cts')
    assert.is((await runCommand(files, 'bob', 'core-sw1', 'release')).code, 0)
    assert.match((await runProgram('stty', ['-F', target.path, '-a'])).stdout, /-crtscts/)
    await target.unplug()
    await target.plug()
    await waitFor('the line to be opened', async () =>
      / crtscts/.test((await runProgram('stty', ['-F', target.path, '-a'])).stdout),
    )
  },
  LIMIT,
)

test(
  'a BREAK, a program and the end of the bridge do not wait for a held line',
  async context => {
    const { target, files, held } = await withBridge(context)
    target.says(XOFF)
    const program = startProgram('ssh', sshArgs(files, 'alice', 'core-sw1'))
    context.cleanup(() => program.stop())
    await program.says(/you type/)
    program.child.stdin?.end('show version\r')
    await held(true)
    // It gives up after 20 s; the BREAK before that drops what it waits for.
    const ran = await runCommand(files, 'bob', 'core-sw1', 'break')
    assert.is(ran.code, 0)
    await waitFor('the end of the program', () => program.ended())
    assert.is(program.child.exitCode, 74)
    assert.match(program.output(), /\[oobm: 0 bytes sent, 13 not sent: bob sent BREAK\]/)
  },
  LIMIT,
)

test.run()
