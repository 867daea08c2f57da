/** XMODEM by the technician's own program passes through a session in raw mode: lrzsz at both ends. */
import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { startProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { bridgeFiles, openTerminal, runCommand, sshArgs, startBridge, statusWhere } from './testing/bridge-fixture.ts'
import { joinedPtys } from './testing/joined-ptys.ts'

const test = suite('raw mode')
const LIMIT = { timeoutMs: 300_000 }
/** Whole blocks of XMODEM: all bytes, and the keys of the escape menu. */
const FILE = Buffer.concat([
  ...Array.from({ length: 20 }, () => Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i))),
  Buffer.from('\x1dd\x1db\x1dw\x1d?\x1dx\x1d.\r~.\n~B'.repeat(8).padEnd(256, '\x1d.')),
])

async function withRaw(context: TestContext) {
  const directory = await scratchDirectory(context)
  const { path, targetPath } = await joinedPtys(context, directory)
  const files = await bridgeFiles(context, [{ name: 'core-sw1', path, baudRate: 115_200, pasteWaitFor: 'echo' }])
  await startBridge(context, files)
  await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
  const original = join(directory, 'original')
  const copy = join(directory, 'copy')
  await writeFile(original, FILE)
  // As a terminal program that has an SSH client of its own: its bytes reach the session unchanged.
  const client = startProgram('ssh', ['-tt', '-e', 'none', ...sshArgs(files, 'alice', 'core-sw1')])
  context.cleanup(() => client.stop())
  context.onFailure(client.output)
  await client.says(/for help\]/)
  client.child.stdin?.write('\x1dr')
  await client.says(/raw: start the transfer now/)
  /** A program of the target, on its own line. */
  const onTarget = (command: string) => {
    const program = startProgram('sh', ['-c', `exec ${command} <${targetPath} >${targetPath}`])
    context.cleanup(() => program.stop())
    context.onFailure(program.output)
    return program
  }
  /** A program of the technician, on the session. */
  const onSession = (...[command = '', ...args]: string[]) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] })
    context.cleanup(() => child.kill('SIGKILL'))
    child.stdin.on('error', () => {})
    client.child.stdout?.on('data', bytes => child.stdin.write(bytes))
    child.stdout.on('data', bytes => client.child.stdin?.write(bytes))
    return child
  }
  return { files, client, original, copy, onTarget, onSession }
}

test(
  'a file with all bytes and all escape keys goes to the target unchanged; then the escape key works again',
  async context => {
    const { files, client, original, copy, onTarget, onSession } = await withRaw(context)
    const bob = openTerminal(context, 'ssh', sshArgs(files, 'bob', 'core-sw1'))
    await bob.says(/for help\]/)
    const receiver = onTarget(`rx ${copy}`)
    onSession('sx', original)
    await waitFor('the receiver', () => receiver.ended(), { timeoutMs: 120_000 })
    assert.is(receiver.child.exitCode, 0)
    assert.ok((await readFile(copy)).equals(FILE))
    // What was to be told meanwhile comes at the end.
    await client.says(/bob joined\]\r\n[\s\S]*raw mode is over: Ctrl-\] works again/, 60_000)
    client.child.stdin?.write('\x1dd')
    await waitFor('its end', () => client.ended())
    assert.is(client.child.exitCode, 0)
  },
  LIMIT,
)

test(
  'a file comes from the target unchanged, and a BREAK of another window is sent meanwhile',
  async context => {
    const { files, client, original, copy, onTarget, onSession } = await withRaw(context)
    const receiver = onSession('rx', copy)
    const { code } = await runCommand(files, 'alice', 'core-sw1', 'break')
    assert.is(code, 0)
    const sender = onTarget(`sx ${original}`)
    await waitFor('the receiver', () => receiver.exitCode !== null, { timeoutMs: 120_000 })
    assert.is(receiver.exitCode, 0)
    await waitFor('the sender', () => sender.ended())
    assert.is(sender.child.exitCode, 0)
    assert.ok((await readFile(copy)).equals(FILE))
    await client.says(/alice sent BREAK[\s\S]*raw mode is over/, 60_000)
  },
  LIMIT,
)

test(
  'somebody who takes over stops it, and the rest of the file is not read as escape keys',
  async context => {
    const { files, client } = await withRaw(context)
    const bob = openTerminal(context, 'ssh', sshArgs(files, 'bob', 'core-sw1'))
    await bob.says(/for help\]/)
    bob.types('x')
    await bob.says(/not sent: alice types/)
    bob.types('\x1dw')
    await bob.says(/bob took over typing from alice/)
    client.child.stdin?.write('\x1dw\x1dd')
    await client.says(/raw mode is over/, 60_000)
    assert.not(client.ended())
    assert.not.match(client.output(), 'alice took over')
  },
  LIMIT,
)

test.run()
