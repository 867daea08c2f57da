import * as assert from 'uvu/assert'
import { scratchDirectory } from '../lab/scratch.ts'
import { waitFor } from '../lab/wait-for.ts'
import { suite, type TestContext } from '../tools/suite.ts'
import {
  type BridgeFiles,
  bridgeFiles,
  openTerminal,
  sshArgs,
  startBridge,
  statusWhere,
} from './testing/bridge-fixture.ts'
import { ptyTarget } from './testing/pty-target.ts'

const test = suite('sessions')
const LIMIT = { timeoutMs: 120_000 }

/** A bridge with the console core-sw1 on a pty. */
async function withBridge(context: TestContext) {
  const target = await ptyTarget(context, await scratchDirectory(context))
  const files = await bridgeFiles(context, [{ name: 'core-sw1', path: target.path }])
  const bridge = await startBridge(context, files)
  await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
  const attach = (who: keyof BridgeFiles['keys'], ...words: string[]) =>
    openTerminal(context, 'ssh', sshArgs(files, who, 'core-sw1', ...words))
  return { target, files, bridge, attach }
}

test(
  'greets, sends what is typed, shows what comes',
  async context => {
    const { target, files, attach } = await withBridge(context)
    const alice = attach('alice')
    await alice.says(/\[oobm: console core-sw1 on \S+, 9600 8N1\]\r\n/)
    await alice.says(/\[oobm: you are alice, operator: you type\]\r\n/)
    await alice.says(/\[oobm: Ctrl-\] \? for help\]\r\n/)
    await alice.says(/\[oobm: the target has said nothing since the bridge started\. Press Enter\.\]\r\n/)
    alice.types('show version\r')
    await target.hears(/show version\r/)
    target.says('Cisco IOS\r\n')
    await alice.says(/Cisco IOS\r\n/)
    const status = await statusWhere(files, 'counted', ({ consoles }) => (consoles[0]?.bytesIn ?? 0) >= 11)
    assert.equal(
      status.consoles[0]?.sessions.map(({ technician, writer }) => [technician, writer]),
      [['alice', true]],
    )
    alice.types('\x1dd')
    await waitFor('ssh to end', () => alice.ended())
    await statusWhere(files, 'empty', ({ consoles }) => consoles[0]?.sessions.length === 0)
  },
  LIMIT,
)

test.run()
