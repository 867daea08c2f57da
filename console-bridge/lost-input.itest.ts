/** Lost input is reported and changes the exit code: with a terminal, without one, and with `ssh -tt` behind a pipe. */
import * as assert from 'uvu/assert'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { SESSION_EXIT } from './session/exit-codes.ts'
import { type BridgeFiles, runCommand, sshArgs, statusWhere } from './testing/bridge-fixture.ts'
import { bridgeOnPty } from './testing/bridge-on-pty.ts'

const test = suite('lost input')
const LIMIT = { timeoutMs: 240_000 }
const LONG = Array.from({ length: 20_000 }, (_, i) => `${i}\r`).join('')

async function withBridge(context: TestContext) {
  const made = await bridgeOnPty(context)
  const { target, files } = made
  /** Sends a program's input; `how` are options of ssh. */
  const pipe = (who: keyof BridgeFiles['keys'], input: string, ...how: string[]) =>
    runProgram('ssh', [...how, ...sshArgs(files, who, 'core-sw1')], { input, timeoutMs: 60_000 })
  /** The same; something happens once some of it is sent and the rest waits. */
  const pipeAt = async (happens: () => unknown, ...how: string[]) => {
    const before = (await statusWhere(files, 'there', () => true)).consoles[0]?.bytesOut ?? 0
    target.stall(true)
    const program = startProgram('ssh', [...how, ...sshArgs(files, 'bob', 'core-sw1')])
    context.cleanup(() => program.stop())
    program.child.stdin?.end(LONG)
    await statusWhere(files, 'typing', ({ consoles }) => (consoles[0]?.bytesOut ?? 0) > before)
    await happens()
    await waitFor('its end', () => program.ended(), { timeoutMs: 60_000 })
    target.stall(false)
    return { code: program.child.exitCode, said: program.output() }
  }
  return { ...made, pipe, pipeAt }
}

for (const how of [[], ['-tt']]) {
  const named = how.length === 0 ? 'a pipe' : 'ssh -tt'

  test(
    `${named}: nothing is sent while somebody else types, for an observer, and with the line closed`,
    async context => {
      const { target, files, attach, pipe } = await withBridge(context)
      const alice = await attach('alice')
      const occupied = await pipe('bob', 'reload now\r', ...how)
      assert.is(occupied.code, SESSION_EXIT.occupied)
      assert.match(occupied.stdout + occupied.stderr, /\[oobm: 0 bytes sent, 11 not sent: alice types\]/)
      const observer = await pipe('olga', 'reload now\r', ...how)
      assert.is(observer.code, SESSION_EXIT.observer)
      assert.match(observer.stdout + observer.stderr, /\[oobm: 0 bytes sent, 11 not sent: read-only: /)
      alice.types('\x1dd')
      await waitFor('alice to leave', () => alice.ended())
      assert.is(target.heard(), '')
      await target.unplug()
      await statusWhere(files, 'closed', ({ consoles }) => consoles[0]?.state === 'closed')
      const closed = await pipe('bob', 'reload now\r', ...how)
      assert.is(closed.code, SESSION_EXIT.notSent)
      assert.match(closed.stdout + closed.stderr, /\[oobm: 0 bytes sent, 11 not sent: the line is closed\]/)
    },
    LIMIT,
  )

  test(
    `${named}: the rest is lost by a take-over, by another’s BREAK and by an unplugging`,
    async context => {
      const { target, files, attach, pipeAt } = await withBridge(context)
      const alice = await attach('alice')
      alice.types('\x1dd')
      const cases = [
        [() => attach('alice').then(other => other.types('\x1dw')), SESSION_EXIT.occupied, 'alice took over typing'],
        [() => runCommand(files, 'alice', 'core-sw1', 'break'), SESSION_EXIT.notSent, 'alice sent BREAK'],
        [() => target.unplug(), SESSION_EXIT.notSent, 'the line is closed: '],
      ] as const
      for (const [happens, code, why] of cases) {
        const { code: found, said } = await pipeAt(happens, ...how)
        assert.is(found, code, `${why}: ${said}`)
        const [, sent, lost] = new RegExp(`oobm: .*?(\\d+) bytes sent, .*?(\\d+) not sent: ${why}`).exec(said) ?? []
        assert.is(Number(sent) + Number(lost), LONG.length, said)
        await statusWhere(
          files,
          'empty',
          ({ consoles }) => consoles[0]?.sessions.every(({ technician }) => technician !== 'bob') === true,
        )
        const taker = await attach('alice')
        taker.types('\x1dw\x1dd')
        await waitFor('alice to leave', () => taker.ended())
      }
    },
    LIMIT,
  )
}

test(
  'a program that flow control holds up gives up, and reports how much was not sent',
  async context => {
    const { pipeAt } = await withBridge(context)
    const { code, said } = await pipeAt(() => {})
    assert.is(code, SESSION_EXIT.notSent)
    assert.match(
      said,
      /\[oobm: \d+ bytes sent, \d+ not sent: flow control holds the line: the adapter accepts no more bytes\]/,
    )
  },
  LIMIT,
)

test(
  'input to the command watch is not sent, and is reported',
  async context => {
    const { target, files } = await withBridge(context)
    const watch = startProgram('ssh', sshArgs(files, 'alice', 'core-sw1', 'watch'))
    context.cleanup(() => watch.stop())
    watch.child.stdin?.end('reload\r')
    await watch.says(/read-only: this session only watches/)
    assert.is(target.heard(), '')
  },
  LIMIT,
)

test(
  'lost input at a terminal is reported again at the end, with an exit code',
  async context => {
    const { attach } = await withBridge(context)
    await attach('alice')
    const bob = await attach('bob')
    bob.types('reload')
    await bob.says(/not sent: alice types/)
    bob.types('\x1dd')
    await bob.says(/\[oobm: 0 bytes sent, 6 not sent: alice types\]/)
    await waitFor('its end', () => bob.ended())
    assert.is(bob.child.exitCode, SESSION_EXIT.occupied)
  },
  LIMIT,
)

test(
  'reports what was not sent when a technician types and leaves at once',
  async context => {
    const { target, attach } = await withBridge(context)
    const alice = await attach('alice')
    target.stall(true)
    alice.types(`${'x'.repeat(60_000)}\x1dd`)
    await alice.says(/\[oobm: \d+ bytes sent, \d+ not sent: the session ended\]/)
    await waitFor('its end', () => alice.ended())
    assert.is(alice.child.exitCode, SESSION_EXIT.notSent)
  },
  LIMIT,
)

test.run()
