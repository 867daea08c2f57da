/** `ssh core-sw1 set` with the real client, on a pty whose settings stty reads at the other side. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { runCommand, startBridge, statusWhere } from './testing/bridge-fixture.ts'
import { bridgeOnPty } from './testing/bridge-on-pty.ts'

const test = suite('set')
const LIMIT = { timeoutMs: 120_000 }

async function speedOf(path: string): Promise<string> {
  return /speed (\d+) baud/.exec((await runProgram('stty', ['-F', path])).stdout)?.[1] ?? ''
}

test(
  'changes the speed at once until the last session leaves, and everyone sees it',
  async context => {
    const { target, files, attach } = await bridgeOnPty(context)
    const alice = await attach('alice')
    const set = await runCommand(files, 'bob', 'core-sw1', 'set', 'speed', '115200')
    assert.equal([set.code, set.stdout], [0, 'core-sw1: 115200 8N1, until the last session leaves\n'])
    assert.is(await speedOf(target.path), '115200')
    await alice.says(/\[oobm: bob set the line to 115200 8N1, until the last session leaves\]/)
    const shown = await runCommand(files, 'olga', 'core-sw1', 'set')
    assert.is(
      shown.stdout,
      'core-sw1: 115200 8N1\n  set by bob, until the last session leaves; configured: 9600 8N1\n  no modem lines\n',
    )
    const list = await runCommand(files, 'olga', 'core-sw1', 'list')
    assert.is(list.stdout, 'core-sw1  115200 8N1 (configured: 9600 8N1)  open\n')
    const bob = await attach('bob')
    await bob.says(/115200 8N1\]\r\n\[oobm: set by bob, until the last session leaves; configured: 9600 8N1\]/)
    target.says('still here')
    await alice.says(/still here/)
    alice.types('\x1dd')
    await waitFor('alice to leave', () => alice.ended())
    assert.is(await speedOf(target.path), '115200')
    bob.types('\x1dd')
    await waitFor('the configured speed', async () => (await speedOf(target.path)) === '9600')
    await statusWhere(files, 'as configured', ({ consoles }) => consoles[0]?.changed === undefined)
  },
  LIMIT,
)

test(
  'keeps it over a crash, and goes back on request',
  async context => {
    const { target, files, bridge } = await bridgeOnPty(context)
    const set = await runCommand(files, 'alice', 'core-sw1', 'set', '--keep', '57600')
    assert.equal([set.code, set.stdout], [0, 'core-sw1: 57600 8N1, kept over restarts\n'])
    const file = join(files.directory, 'line-settings.json')
    await waitFor('the file', () => readFile(file, 'utf8').catch(() => undefined))
    bridge.child.kill('SIGKILL')
    await waitFor('the crash', () => bridge.ended())
    await runProgram('stty', ['-F', target.path, '300'])
    await startBridge(context, files)
    await statusWhere(
      files,
      'open again',
      status => status.pid !== bridge.child.pid && status.consoles[0]?.state === 'open',
    )
    assert.is(await speedOf(target.path), '57600')
    const shown = await runCommand(files, 'alice', 'core-sw1', 'status')
    assert.match(shown.stdout, /57600 8N1\n {2}set by alice, kept over restarts; configured: 9600 8N1\n/)
    const back = await runCommand(files, 'bob', 'core-sw1', 'set', '--default')
    assert.equal([back.code, back.stdout], [0, 'core-sw1: 9600 8N1, as configured\n'])
    assert.is(await speedOf(target.path), '9600')
  },
  LIMIT,
)

test(
  'the menu asks for settings and for a sequence, and sends none of the answer',
  async context => {
    const { target, attach } = await bridgeOnPty(context)
    const alice = await attach('alice')
    alice.types('\x1ds')
    await alice.says(/settings \(now 9600 8N1\)/)
    alice.types('19200\r')
    await alice.says(/\[oobm: alice set the line to 19200 8N1, until the last session leaves\]/)
    assert.is(await speedOf(target.path), '19200')
    alice.types('\x1dq')
    await alice.says(/sequence \(cisco/)
    alice.types('sun\r')
    await alice.says(/\[oobm: alice sent the sequence sun \(no BREAK\)\]/)
    alice.types('\x1dq')
    await alice.says(/sequence \(cisco[\s\S]*sequence \(cisco/)
    alice.types('nonsense\r')
    await alice.says(/unknown sequence, nothing was sent/)
    assert.is(target.heard(), '#.')
  },
  LIMIT,
)

test(
  'says why not, with an exit code that is not 0, and the line stays as it is',
  async context => {
    const { target, files } = await bridgeOnPty(context)
    const refusals: [who: 'alice' | 'olga', words: string[], code: number, said: RegExp][] = [
      [
        'alice',
        ['parity', 'even', '115200'],
        69,
        /^the line was not set: the adapter does not support 115200 8E1; it stays at 9600 8N1\n$/,
      ],
      ['alice', ['dtr', 'off'], 69, /^the line was not set: .* has no modem lines; it stays at 9600 8N1\n$/],
      ['alice', ['speed', 'fast'], 64, /SETTING cannot be "fast": it is a setting such as "speed 115200"/],
      ['alice', ['speed', '5'], 64, /^set: speed must be/],
      ['alice', ['--keep'], 64, /--keep needs a setting/],
      ['alice', ['--default', '9600'], 64, /--default goes with nothing else/],
      ['olga', ['115200'], 77, /^read-only: you are an observer/],
    ]
    for (const [who, words, code, said] of refusals) {
      const answer = await runCommand(files, who, 'core-sw1', 'set', ...words)
      assert.is(answer.code, code, `${words}: ${answer.stderr}`)
      assert.match(answer.stderr, said)
    }
    assert.is(await speedOf(target.path), '9600')
    await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
  },
  LIMIT,
)

test.run()
