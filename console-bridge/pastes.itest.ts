/** The rest of a paste is never sent after a BREAK, a take-over or an unplugged adapter. */
import * as assert from 'uvu/assert'
import type { PtyTarget } from '../testbed/pty-target.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { runCommand, statusWhere, type TechnicianTerminal } from './testing/bridge-fixture.ts'
import { bridgeOnPty } from './testing/bridge-on-pty.ts'

const test = suite('pastes')
const LIMIT = { timeoutMs: 240_000 }
/** More than the queue, the channel and the client's buffers hold, and less than the client's window. */
const PASTE = 'x'.repeat(132_000)
/** What the stopped program behind the pty may have read already. */
const READ_AHEAD_BYTES = 8_192

/** Alice pastes to a target that takes nothing more. */
async function withPaste(context: TestContext, more = '') {
  const { target, files, attach } = await bridgeOnPty(context)
  const alice = await attach('alice')
  target.stall(true)
  alice.types(PASTE + more)
  await statusWhere(files, 'typing', ({ consoles }) => (consoles[0]?.bytesOut ?? 0) > 0)
  return { target, files, alice, attach }
}

/** The target takes again; Alice types, and nothing more of the paste has arrived. */
async function assertNoTail(target: PtyTarget, alice: TechnicianTerminal): Promise<void> {
  const before = target.heard().length
  target.stall(false)
  await alice.says(/\[oobm: not sent: \d+ bytes .*what you type now is sent again\]/)
  alice.types('after\r')
  await target.hears(/after\r/)
  assert.match(target.heard(), /^x*after\r$/)
  const tail = target.heard().length - before - 'after\r'.length
  assert.ok(tail <= READ_AHEAD_BYTES, `${tail} bytes of the paste came after all`)
}

test(
  'somebody else’s BREAK drops all of it, also what waits in the channel',
  async context => {
    const { target, files, alice } = await withPaste(context)
    const { code } = await runCommand(files, 'bob', 'core-sw1', 'break')
    assert.is(code, 0)
    await alice.says(/bob sent BREAK, 300 ms; what the target had not taken was discarded/)
    await assertNoTail(target, alice)
    alice.types('\x1dd')
    const [, sent, lost] = await alice.says(/\[oobm: .*?(\d+) bytes sent, .*?(\d+) not sent: bob sent BREAK\]/)
    assert.is(Number(sent) + Number(lost), PASTE.length + 'after\r'.length)
    await waitFor('its end', () => alice.ended())
    assert.is(alice.child.exitCode, 74)
  },
  LIMIT,
)

test(
  'one’s own BREAK drops all that was pasted before it',
  async context => {
    const { target, alice } = await withPaste(context, '\r~B')
    await alice.says(/alice sent BREAK, 1000 ms; what the target had not taken was discarded/)
    await assertNoTail(target, alice)
  },
  LIMIT,
)

test(
  'a take-over drops all of it, even when nobody types any more',
  async context => {
    const { target, alice, attach } = await withPaste(context)
    const bob = await attach('bob')
    bob.types('\x1dw')
    await alice.says(/bob took over typing from alice; \d+ waiting bytes were discarded/)
    bob.types('\x1dd')
    await waitFor('bob to leave', () => bob.ended())
    await assertNoTail(target, alice)
  },
  LIMIT,
)

test(
  'nothing of it is sent to an adapter that was unplugged and plugged in again',
  async context => {
    const { target, alice } = await withPaste(context)
    await target.unplug()
    await alice.says(/the line is closed/)
    await target.plug()
    await alice.says(/the line is open\]/)
    await alice.says(/\[oobm: not sent: \d+ bytes .*what you type now is sent again\]/)
    alice.types('after\r')
    await target.hears(/after\r/)
    assert.is(target.heard(), 'after\r')
  },
  LIMIT,
)

test(
  'what is typed right after one’s own BREAK is sent, and so is a key after somebody else’s',
  async context => {
    const { target, files, attach } = await bridgeOnPty(context)
    const alice = await attach('alice')
    alice.types('a\x1db\x02')
    await alice.says(/alice sent BREAK/)
    await target.hears(/^a\x02$/)
    await runCommand(files, 'bob', 'core-sw1', 'break')
    await alice.says(/bob sent BREAK/)
    await waitFor('a key to be sent', () => {
      alice.types('b')
      return target.heard().endsWith('b')
    })
  },
  LIMIT,
)

test.run()
