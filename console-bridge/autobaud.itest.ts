/** `ssh core-sw1 autobaud` with the real client, on a pty whose target says what a UART would read at the speed of the line. */
import * as assert from 'uvu/assert'
import { runProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { openTerminal, runCommand, sshArgs, statusWhere } from './testing/bridge-fixture.ts'
import { bridgeOnPty } from './testing/bridge-on-pty.ts'
import { resample } from './testing/uart-wire.ts'

const test = suite('autobaud')
const LIMIT = { timeoutMs: 180_000 }
const SAID = Buffer.from('\r\n%SYS-5-CONFIG_I: Configured from console by console\r\n')

async function speedOf(path: string): Promise<number> {
  return Number(/speed (\d+) baud/.exec((await runProgram('stty', ['-F', path])).stdout)?.[1])
}

test(
  'finds the speed of a target that talks, and everyone sees it',
  async context => {
    const { target, files, attach } = await bridgeOnPty(context)
    const alice = await attach('alice')
    const searching = runProgram('ssh', sshArgs(files, 'bob', 'core-sw1', 'autobaud'), { timeoutMs: 90_000 })
    let ended = false
    void searching.finally(() => {
      ended = true
    })
    await waitFor(
      'the end of the search',
      async () => {
        target.says(resample(SAID, 38_400, await speedOf(target.path)).toString('latin1'))
        return ended
      },
      { timeoutMs: 90_000 },
    )
    const { code, stdout, stderr } = await searching
    assert.equal([code, stdout], [0, 'core-sw1: 38400 8N1 (was 9600 8N1), until the last session leaves\n'], stderr)
    assert.match(stderr, /^9600: \d+ bytes, \d+ % readable$/m)
    assert.is(await speedOf(target.path), 38_400)
    await alice.says(/\[oobm: the target speaks 38400 8N1; the line is set to it, until the last session leaves\]/)
    assert.is(target.heard(), '')
  },
  LIMIT,
)

test(
  'Ctrl-C stops it, and the speed is the old one again',
  async context => {
    const { target, files, attach } = await bridgeOnPty(context)
    const alice = await attach('alice')
    const searching = openTerminal(context, 'ssh', ['-t', ...sshArgs(files, 'bob', 'core-sw1', 'autobaud')])
    await searching.says(/listening for up to 60 s/)
    await waitFor('another speed', async () => {
      target.says('\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff')
      return (await speedOf(target.path)) !== 9_600
    })
    searching.types('\x03')
    await searching.says(/the speed was not found: it was stopped; the line has 9600 8N1 again/)
    await alice.says(/the speed of the target was not found: it was stopped; the line has 9600 8N1 again\]/)
    assert.is(await speedOf(target.path), 9_600)
    await statusWhere(files, 'as configured', ({ consoles }) => consoles[0]?.changed === undefined)
  },
  LIMIT,
)

test(
  'with --type it is refused where somebody else types, and warns before it types',
  async context => {
    const { target, files, attach } = await bridgeOnPty(context)
    const alice = await attach('alice')
    const refused = await runCommand(files, 'bob', 'core-sw1', 'autobaud', '--type')
    assert.equal([refused.code, refused.stderr], [69, 'alice has the keyboard; nothing was typed\n'])
    assert.is(target.heard(), '')
    alice.types('\x1dd')
    await waitFor('alice to leave', () => alice.ended())
    const typing = runProgram('ssh', sshArgs(files, 'bob', 'core-sw1', 'autobaud', '--type'), { timeoutMs: 90_000 })
    await target.hears(/\r\r/)
    target.says('\r\ncore-sw1>')
    const { code, stdout, stderr } = await typing
    assert.equal([code, stdout], [0, 'core-sw1: 115200 8N1 (was 9600 8N1), until the last session leaves\n'], stderr)
    assert.match(
      stderr,
      /^one CR is sent at each speed.*\na CR at less than 0\.4 times.*BREAK\nit begins in 3 s; Ctrl-C stops it\n/,
    )
  },
  LIMIT,
)

test.run()
