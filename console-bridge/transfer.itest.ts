/** The commands xmodem and ymodem against lrzsz at the other end of a real pty. */
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { SESSION_EXIT } from './session/exit-codes.ts'
import { runCommand, statusWhere } from './testing/bridge-fixture.ts'
import { FILE, withLine } from './testing/transfer-line.ts'

const test = suite('file transfer')
const LIMIT = { timeoutMs: 300_000 }
const SLOW = { timeoutMs: 120_000 }

/** XMODEM knows no length: the last block is filled up. */
function isFilledUp(copy: Buffer): void {
  assert.ok(copy.subarray(0, FILE.length).equals(FILE))
  assert.is(copy.subarray(FILE.length).toString('latin1').replaceAll('\x1a', ''), '')
}

/** YMODEM gives the size. */
function isExact(copy: Buffer): void {
  assert.ok(copy.equals(FILE), `${copy.length} bytes`)
}

for (const [command, receiver, received, check] of [
  ['xmodem send', 'rx copy', 'copy', isFilledUp],
  ['xmodem send --1k', 'rx -c copy', 'copy', isFilledUp],
  ['ymodem send ios-15.2.BIN', 'rb', 'ios-15.2.BIN', isExact],
] as const) {
  test(
    `${command}: the target gets the file, and confirms it`,
    async context => {
      const { onTarget, transfer, fileAt } = await withLine(context)
      const target = onTarget(receiver)
      const client = transfer(command, '<original')
      await waitFor('its end', () => client.ended(), SLOW)
      assert.is(client.child.exitCode, 0, client.output())
      assert.match(client.output(), 'the file is complete')
      await waitFor('the receiver', () => target.ended())
      assert.is(target.child.exitCode, 0, target.output())
      check(await fileAt(`received/${received}`))
    },
    LIMIT,
  )
}

for (const [command, sender, check] of [
  ['xmodem receive', 'sx ../original', isFilledUp],
  ['xmodem receive', 'sx -k ../original', isFilledUp],
  ['ymodem receive', 'sb ../original', isExact],
] as const) {
  test(
    `${command} from ${sender.split(' .')[0]}: the client gets the file, and the sender our last answer`,
    async context => {
      const { onTarget, transfer, fileAt } = await withLine(context)
      const client = transfer(command, '>dump')
      const target = onTarget(sender)
      await waitFor('its end', () => client.ended(), SLOW)
      assert.is(client.child.exitCode, 0, client.output())
      check(await fileAt('dump'))
      await waitFor('the sender', () => target.ended())
      assert.is(target.child.exitCode, 0, target.output())
    },
    LIMIT,
  )
}

test(
  'ymodem receive takes one file: of several, it writes none and says so',
  async context => {
    const { onTarget, transfer, fileAt } = await withLine(context)
    const client = transfer('ymodem receive', '>dump')
    const target = onTarget('sb ../original ../cancel')
    await waitFor('its end', () => client.ended(), SLOW)
    assert.is(client.child.exitCode, SESSION_EXIT.notSent, client.output())
    assert.match(
      client.output(),
      /the target offers several files \(original, cancel, \.\.\.\), and this command takes one/,
    )
    assert.is((await fileAt('dump')).length, 0)
    await waitFor('the sender, which is cancelled', () => target.ended())
    assert.not(target.child.exitCode === 0)
  },
  LIMIT,
)

test('what cannot be meant is refused with an example, before anything is read', async context => {
  const { files } = await withLine(context)
  const CASES: [words: string, says: string][] = [
    ['ymodem send', 'NAME is missing, which the target gets with the file: ssh core-sw1 ymodem send ios.bin < ios.bin'],
    [
      'ymodem receive dump',
      'unexpected argument "dump": the target names the file: ssh core-sw1 ymodem receive > dump.bin',
    ],
    ['ymodem send ../x', 'a file name without folders'],
    ['ymodem send -- x', 'ymodem'],
    ['ymodem both', '"send" or "receive"'],
    ['xmodem send --at fast', 'a speed in bits per second'],
  ]
  for (const [words, says] of CASES) {
    const { code, stderr } = await runCommand(files, 'alice', 'core-sw1', ...words.split(' '))
    assert.is(code, SESSION_EXIT.usage, words)
    assert.match(stderr, says)
  }
  const empty = await runCommand(files, 'alice', 'core-sw1', 'xmodem send')
  assert.is(empty.code, SESSION_EXIT.usage)
  assert.match(empty.stderr, 'standard input is empty; nothing was sent')
  const observer = await runCommand(files, 'olga', 'core-sw1', 'xmodem receive')
  assert.is(observer.code, SESSION_EXIT.observer, observer.stderr)
})

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  test(
    `an upload that ${signal} cuts off reaches the target with no byte, and leaves nothing on the device`,
    async context => {
      const { files, state, onTarget, transfer, fileAt } = await withLine(context)
      onTarget('tee ../heard')
      const client = transfer('xmodem send', '', '(cat original; exec tail --pid=$$ -s 0.2 -f /dev/null) | exec')
      const spool = join(state, 'transfer')
      const uploaded = async () => {
        for (const name of await readdir(spool).catch(() => [])) {
          if ((await stat(join(spool, name, 'file')).catch(() => undefined))?.size === FILE.length) return true
        }
        return undefined
      }
      await waitFor('the upload', uploaded)
      const ssh = await runProgram('pgrep', ['-P', String(client.pid), 'ssh'])
      process.kill(Number(ssh.stdout.trim()), signal)
      await waitFor('an empty spool', async () => (await readdir(spool)).length === 0)
      const said = await runCommand(files, 'bob', 'core-sw1', 'run', '--timeout', '1', '--', 'still free')
      assert.not.match(said.stderr, /transfers/)
      assert.is((await fileAt('heard')).toString(), 'still free\r')
    },
    LIMIT,
  )
}

test(
  'an upload and a file of the target that find no room say so, and the disk stays usable',
  async context => {
    const { files, state, onTarget, transfer, directory, fileAt } = await withLine(context, {
      under: ({ directory }) => [
        ...['unshare', '--mount', 'sh', '-c'],
        ...[`mount -t tmpfs -o size=4m none ${directory}/state && exec "$@"`, 'sh'],
      ],
    })
    await writeFile(join(directory, 'large'), Buffer.alloc(4_000_000))
    const client = transfer('xmodem send', '<large')
    await waitFor('its end', () => client.ended())
    assert.is(client.child.exitCode, SESSION_EXIT.unavailable, client.output())
    assert.match(client.output(), /no room for the file: a tenth of its disk stays free; nothing was sent/)
    const receiver = transfer('ymodem receive', '>dump')
    const target = onTarget('sb ../large')
    await waitFor('its end', () => receiver.ended(), SLOW)
    assert.is(receiver.child.exitCode, SESSION_EXIT.notSent, receiver.output())
    assert.match(receiver.output(), /no room for the file/)
    await waitFor('the sender, which is cancelled', () => target.ended())
    assert.not(target.child.exitCode === 0)
    // One that fits is taken afterwards.
    const small = transfer('ymodem receive', '>dump')
    onTarget('sb ../original')
    await waitFor('its end', () => small.ended(), SLOW)
    assert.is(small.child.exitCode, 0, small.output())
    isExact(await fileAt('dump'))
    void [files, state]
  },
  LIMIT,
)

test(
  'an adapter that is unplugged in the middle ends it, and says so',
  async context => {
    const { files, directory, onTarget, transfer, unplug } = await withLine(context)
    const client = transfer('ymodem receive', '>dump')
    await writeFile(join(directory, 'large'), Buffer.alloc(100_000_000))
    onTarget('sb ../large')
    await client.says(/bytes, .* left/)
    await unplug()
    await waitFor('its end', () => client.ended())
    assert.is(client.child.exitCode, SESSION_EXIT.notSent, client.output())
    assert.match(client.output(), /\[oobm: the line is closed: /)
    await statusWhere(files, 'closed', ({ consoles }) => consoles[0]?.state === 'closed')
    const second = transfer('xmodem receive', '>dump')
    await waitFor('its end', () => second.ended())
    assert.is(second.child.exitCode, SESSION_EXIT.notSent, second.output())
  },
  LIMIT,
)

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
    const { files, speed, onTarget, transfer, fileAt } = await withLine(context)
    const client = transfer('xmodem send --1k --at 57600', '<original')
    await client.says(/the line is at 57600/)
    assert.is(await speed(), '57600')
    onTarget('sh ../asks')
    await waitFor('the first block', async () => (await fileAt('heard').catch(() => '')).length > 1_024)
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

for (const [what, command, target, says] of [
  ['cancels at once', 'xmodem send', 'cat ../cancel', /the target cancelled; nothing was sent/],
  ['cancels later', 'xmodem send', 'sh ../cancels', /the target did not confirm the file \(sx: [A-Z]/],
  ['cancels later', 'ymodem send x', 'sh ../cancels', /the target did not confirm the file \(sb: [A-Z]/],
  ['cancels the name', 'ymodem receive', 'cat ../cancel', /the target cancelled/],
] as const) {
  test(
    `${command}: a target that ${what} makes the exit code 74, and the line is as it was`,
    async context => {
      const { onTarget, transfer, speed } = await withLine(context)
      const client = transfer(`${command} --at 57600`, '<original')
      await client.says(/the line is at 57600/)
      onTarget(target)
      await waitFor('its end', () => client.ended(), SLOW)
      assert.is(client.child.exitCode, SESSION_EXIT.notSent, client.output())
      assert.match(client.output(), says)
      assert.is(await speed(), '115200')
    },
    LIMIT,
  )
}

test(
  'what the target says after the file reaches the people at the console, and the transcript has one record of it all',
  async context => {
    const { files, onTarget, transfer, attach } = await withLine(context)
    const olga = await attach('olga')
    onTarget('sh ../receives')
    const client = transfer('ymodem send copy', '<original')
    await waitFor('its end', () => client.ended(), SLOW)
    assert.is(client.child.exitCode, 0, client.output())
    await olga.says(/is over: the file is complete\][\s\S]*copied 2819 bytes/)
    const read = async () => (await runCommand(files, 'bob', 'core-sw1', 'log')).stdout
    const log = await waitFor('the log', async () => ((await read()).includes('copied') ? read() : undefined))
    const about = log.split('\n').filter(line => /transfer/.test(line))
    assert.is(about.length, 1, log)
    assert.match(
      about[0] ?? '',
      /alice transferred a file \(ymodem send copy\), 2819 bytes in \d+ s: the file is complete/,
    )
  },
  LIMIT,
)

test.run()
