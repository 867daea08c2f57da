/** The command xmodem against lrzsz at the other end of a real pty. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { SESSION_EXIT } from './session/exit-codes.ts'
import { bridgeFiles, openTerminal, runCommand, sshArgs, startBridge, statusWhere } from './testing/bridge-fixture.ts'
import { joinedPtys } from './testing/joined-ptys.ts'

const test = suite('file transfer')
const LIMIT = { timeoutMs: 300_000 }
/** All bytes; not a whole number of blocks. */
const FILE = Buffer.concat([
  ...Array.from({ length: 40 }, (_, i) => createHash('sha512').update(`${i}`).digest()),
  Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i)),
  Buffer.from('end'),
])

async function withLine(context: TestContext) {
  const directory = await scratchDirectory(context)
  const { path, targetPath } = await joinedPtys(context, directory)
  const files = await bridgeFiles(context, [{ name: 'core-sw1', path, baudRate: 115_200 }])
  await startBridge(context, files)
  await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
  await writeFile(join(directory, 'original'), FILE)
  await mkdir(join(directory, 'received'))
  await writeFile(join(directory, 'cancel'), '\x18'.repeat(4))
  /** A program of the target, on its own line. By pipes: lrzsz flushes a terminal when it ends, its last answer too. */
  const onTarget = (command: string) => {
    const end = ['-d', `OPEN:${targetPath},noctty`, `EXEC:${command},pipes`]
    const program = startProgram('socat', end, { cwd: join(directory, 'received') })
    context.cleanup(() => program.stop())
    context.onFailure(program.output)
    return program
  }
  /** A technician's command, with a shell that knows `<` and `>`. */
  const transfer = (command: string, redirect: string) => {
    const ssh = ['ssh', ...sshArgs(files, 'alice', 'core-sw1', ...command.split(' '))]
      .map(word => `'${word}'`)
      .join(' ')
    const program = startProgram('sh', ['-c', `cd ${directory}; exec ${ssh} ${redirect}`])
    context.cleanup(() => program.stop())
    context.onFailure(program.output)
    return program
  }
  const attach = async (who: 'alice' | 'bob') => {
    const terminal = openTerminal(context, 'ssh', sshArgs(files, who, 'core-sw1'))
    await terminal.says(/for help\]/)
    return terminal
  }
  const fileAt = (name: string) => readFile(join(directory, name))
  return { files, path, onTarget, transfer, attach, fileAt }
}

for (const [command, receiver, received] of [
  ['xmodem send', 'rx copy', 'copy'],
  ['xmodem send --1k', 'rx -c copy', 'copy'],
] as const) {
  test(
    `${command}: the target gets the file, and confirms it`,
    async context => {
      const { onTarget, transfer, fileAt } = await withLine(context)
      const target = onTarget(receiver)
      const client = transfer(command, '<original')
      await waitFor('its end', () => client.ended(), { timeoutMs: 120_000 })
      assert.is(client.child.exitCode, 0, client.output())
      await waitFor('the receiver', () => target.ended())
      const copy = await fileAt(`received/${received}`)
      // XMODEM knows no length: the last block is filled up.
      assert.ok(copy.subarray(0, FILE.length).equals(FILE))
      assert.is(copy.subarray(FILE.length).toString('latin1').replaceAll('\x1a', ''), '')
    },
    LIMIT,
  )
}

for (const [command, sender] of [
  ['xmodem receive', 'sx ../original'],
  ['xmodem receive', 'sx -k ../original'],
] as const) {
  test(
    `${command} from ${sender.split(' .')[0]}: the client gets the file`,
    async context => {
      const { onTarget, transfer, fileAt } = await withLine(context)
      const client = transfer(command, '>dump')
      onTarget(sender)
      await waitFor('its end', () => client.ended(), { timeoutMs: 120_000 })
      assert.is(client.child.exitCode, 0, client.output())
      const dump = await fileAt('dump')
      assert.ok(dump.subarray(0, FILE.length).equals(FILE))
      assert.is(dump.subarray(FILE.length).toString('latin1').replaceAll('\x1a', ''), '')
    },
    LIMIT,
  )
}

test(
  'nobody types, takes over or sets the line meanwhile, and nobody sees the file; a BREAK ends it',
  async context => {
    const { files, onTarget, transfer, attach } = await withLine(context)
    const alice = await attach('alice')
    const bob = await attach('bob')
    const client = transfer('xmodem send', '<original')
    await bob.says(/\[oobm: alice transfers a file \(xmodem send\)/)
    alice.types('x')
    await alice.says(/not sent: alice transfers a file \(xmodem send\); a BREAK ends it/)
    bob.types('\x1dw')
    await bob.says(/\[oobm: alice transfers a file \(xmodem send\); a BREAK ends it\]/)
    const second = transfer('xmodem send', '<original')
    await waitFor('its end', () => second.ended())
    assert.is(second.child.exitCode, SESSION_EXIT.occupied, second.output())
    const set = await runCommand(files, 'bob', 'core-sw1', 'set speed 115200')
    assert.is(set.code, SESSION_EXIT.unavailable, set.stderr)
    assert.match(set.stderr, 'the line was not set: alice transfers a file (xmodem send); a BREAK ends it')
    // The target asks for the file, and says something else.
    const target = onTarget('printf secret')
    await waitFor('the target', () => target.ended())
    assert.is((await runCommand(files, 'bob', 'core-sw1', 'break')).code, 0)
    await waitFor('its end', () => client.ended())
    assert.is(client.child.exitCode, SESSION_EXIT.notSent, client.output())
    assert.match(client.output(), '[oobm: bob sent BREAK]')
    await bob.says(/\[oobm: the transfer of alice \(xmodem send\) is over: bob sent BREAK\]/)
    assert.not.match(bob.output(), 'secret')
    // The keyboard is where it was.
    onTarget('cat')
    alice.types('a key')
    await alice.says(/\na key/)
  },
  LIMIT,
)

test(
  'a client that goes cancels it at the target, and the line has its speed again',
  async context => {
    const { files, path, onTarget, transfer, fileAt } = await withLine(context)
    const speed = async () => (await runProgram('stty', ['-F', path, 'speed'])).stdout.trim()
    const client = transfer('xmodem send --1k --at 57600', '<original')
    await client.says(/the line is at 57600[\s\S]*bytes\/s/)
    assert.is(await speed(), '57600')
    onTarget('tee ../heard')
    client.child.kill('SIGINT')
    await waitFor('CAN', async () => (await fileAt('heard').catch(() => '')).includes('\x18\x18'))
    await waitFor('the old speed', async () => (await speed()) === '115200')
    await waitFor('the console to be free', async () => {
      const { code, stderr } = await runCommand(files, 'bob', 'core-sw1', 'run', '--timeout', '1', '--', 'x')
      return code !== SESSION_EXIT.occupied && !/transfers/.test(stderr)
    })
  },
  LIMIT,
)

test(
  'without a confirmation of the target, the exit code is not 0',
  async context => {
    const { onTarget, transfer } = await withLine(context)
    const client = transfer('xmodem send', '<original')
    await client.says(/bytes\/s/)
    onTarget('cat ../cancel')
    await waitFor('its end', () => client.ended(), { timeoutMs: 120_000 })
    assert.is(client.child.exitCode, SESSION_EXIT.notSent, client.output())
    assert.match(client.output(), /the target did not confirm the file/)
  },
  LIMIT,
)

test.run()
