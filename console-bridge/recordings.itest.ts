/** Recorded sessions with the real bridge, the OpenSSH client, and the real asciinema as the player. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../testbed/run-program.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { screenOf } from '../testbed/tmux-screen.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { type BridgeFiles, runCommand, sshArgs, startBridge, statusWhere } from './testing/bridge-fixture.ts'
import { bridgeOnPty } from './testing/bridge-on-pty.ts'

const test = suite('recordings')
const LIMIT = { timeoutMs: 180_000 }
const hasAsciinema = (await runProgram('asciinema', ['--version']).catch(() => ({ code: 1 }))).code === 0

/** Alice's session on a terminal of 80x24 that becomes 100x30, with all that a recording marks. */
async function recorded(context: TestContext) {
  const bridge = await bridgeOnPty(context)
  const { target, files, attach } = bridge
  const screen = await screenOf(context, files.directory, ['ssh', ...sshArgs(files, 'alice', 'core-sw1')])
  await screen.shows(/for help\]/)
  target.says('\x1b[31mRouter uptime is 2 weeks\x1b[0m\r\n')
  await screen.shows(/uptime is 2 weeks/)
  await screen.keys('s', 'h', 'Enter')
  await target.hears(/sh\r/)
  await screen.tmux('resize-window', '-x', '100', '-y', '30')
  const bob = await attach('bob')
  bob.types('\x1dw')
  await bob.says(/bob took over typing from alice/)
  assert.is((await runCommand(files, 'bob', 'core-sw1', 'break', '200')).code, 0)
  await screen.shows(/bob sent BREAK, 200 ms/)
  bob.types('\x1dd')
  await waitFor('bob to leave', () => bob.ended())
  // The size is told after half a second.
  await waitFor('the size in the transcript', async () =>
    (await transcript(files)).includes('session size id=1 size=100x30'),
  )
  target.says('café 漢> ')
  await screen.shows(/caf/)
  await screen.keys('C-]', 'd')
  await screen.shows(/exit 0/)
  return bridge
}

/** What is on the disk, a second or three late. */
async function transcript({ directory }: BridgeFiles): Promise<string> {
  const { stdout } = await runProgram('sh', ['-c', `cat ${directory}/transcript/core-sw1/*`])
  return stdout
}

const list = (files: BridgeFiles, ...args: string[]) => runCommand(files, 'alice', 'core-sw1', 'recordings', ...args)

test(
  'lists who was here, exports a session that asciinema plays, and plays it itself',
  async context => {
    const { files } = await recorded(context)
    const shown = await list(files)
    const [heads, alice, bob, ...more] = shown.stdout.trimEnd().split('\n')
    assert.match(heads ?? '', /^N {2}WHO +FROM +BEGAN +LASTED {2}TYPED {2}HOW IT ENDED$/)
    assert.match(alice ?? '', /^1 {2}alice {2}127\.0\.0\.1:\d+ +[\d-]{10} [\d:]{8} UTC +\d+ s +3 B +left$/)
    assert.match(bob ?? '', /^2 {2}bob +127\.0\.0\.1:\d+ +.* UTC +\d+ s +0 B +left$/)
    assert.equal(more, [])
    const [first] = JSON.parse((await list(files, 'list', '--json')).stdout)
    assert.equal(
      [first.number, first.who, first.role, first.size, first.end.how, first.end.typedBytes, first.kept],
      [1, 'alice', 'operator', '80x24', 'left', 3, 'all'],
    )
    assert.is(first.position, undefined)

    const exported = await list(files, 'export', '1')
    assert.is(exported.code, 0, exported.stderr)
    assert.is(exported.stderr, '')
    const events = checkCast(exported.stdout)
    const told = events.filter(([, code]) => code !== 'o').map(([, code, data]) => `${code} ${data}`)
    assert.equal(
      told,
      [
        'm bob joined',
        'r 100x30',
        'm bob took over typing from alice',
        'm bob sent BREAK, 200 ms',
        'm bob left',
        'm end: alice left',
      ].toSorted((a, b) => told.indexOf(a) - told.indexOf(b)),
    )
    const output = events.flatMap(([, code, data]) => (code === 'o' ? [data] : [])).join('')
    assert.is(output, '\x1b[31mRouter uptime is 2 weeks\x1b[0m\r\ncafé 漢> ')
    assert.not.match(exported.stdout, /sh\\r/, 'what was typed is not in it')

    const cast = join(files.directory, 'r.cast')
    await writeFile(cast, exported.stdout)
    if (hasAsciinema) {
      // It wants a terminal.
      const cat = await screenOf(context, files.directory, ['sh', '-c', `asciinema cat ${cast} > ${cast}.out`])
      await cat.shows(/exit 0/)
      assert.is(await readFile(`${cast}.out`, 'utf8'), output)
      const player = await screenOf(context, files.directory, ['asciinema', 'play', '-i', '0.1', cast])
      await player.shows(/exit 0/)
      assert.match(await player.text(), /^Router uptime is 2 weeks\n.*café/)
      assert.match(await player.coloured(), /\x1b\[31mRouter uptime is 2 weeks/)
    }

    const play = ['ssh', '-t', ...sshArgs(files, 'alice', 'core-sw1', 'recordings', 'play', '1', '--speed', '4')]
    const own = await screenOf(context, files.directory, play)
    await own.shows(/exit 0/)
    assert.match(
      await own.text(),
      /^\[oobm: core-sw1, recording 1: alice, [^\n]* UTC\]\n\[oobm: pauses are at most 2 s; q ends\]\nRouter uptime is 2 weeks\n/,
    )
    assert.match(await own.text(), /\[oobm: bob sent BREAK, 200 ms\]/)
    assert.match(await own.text(), /café.*\n\[oobm: end: alice left\]\n/)

    const toTerminal = await screenOf(context, files.directory, [
      ...['ssh', '-t', ...sshArgs(files, 'alice', 'core-sw1', 'recordings', 'export', '1')],
    ])
    await toTerminal.shows(/prints a file: send it to one[\s\S]* recordings export 1 > core-sw1-1.cast[\s\S]*exit 64/)
  },
  LIMIT,
)

if (!hasAsciinema) test.skip('asciinema plays an export', 'asciinema is not installed')

/** Each line against https://docs.asciinema.org/manual/asciicast/v2 @returns the events */
function checkCast(text: string): [number, string, string][] {
  assert.match(text, /\n$/)
  const [header, ...events] = text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  const { version, width, height, timestamp, title, ...rest } = header
  assert.equal([version, width, height, rest], [2, 80, 24, {}])
  assert.ok(Number.isInteger(timestamp) && Math.abs(timestamp - Date.now() / 1000) < 600)
  assert.match(title, /^core-sw1, recording 1: alice, .* UTC$/)
  let latest = 0
  for (const event of events) {
    assert.is(event.length, 3)
    const [time, code, data] = event
    assert.ok(typeof time === 'number' && time >= latest, 'times do not go back')
    latest = time
    assert.ok(['o', 'm', 'r'].includes(code), code)
    assert.type(data, 'string')
    if (code === 'r') assert.match(data, /^\d+x\d+$/)
  }
  return events
}

test(
  'q ends a play; a session that goes on can be read; other people get their own part only',
  async context => {
    const { target, files, attach, bridge } = await bridgeOnPty(context)
    const alice = await attach('alice')
    target.says('before\r\n')
    await alice.says(/before/)
    const running = await list(files, 'export', '1')
    assert.is(running.code, 0)
    assert.match(running.stdout, /"before\\r\\n"/)
    assert.not.match(running.stdout, 'end:')
    assert.match((await list(files)).stdout, /goes on$/m)

    const unknown = await list(files, 'play', '7')
    assert.is(unknown.code, 64)
    assert.match(unknown.stderr, 'core-sw1 has no recording 7; the list: ssh core-sw1 recordings')
    const play = await screenOf(context, files.directory, [
      ...['ssh', '-t', ...sshArgs(files, 'alice', 'core-sw1', 'recordings', 'play', '1', '--speed', '0.1')],
    ])
    await play.shows(/q ends/)
    await play.keys('x', 'q')
    await play.shows(/exit 0/)

    // Killed: the entry has no end, and says so after the restart.
    await waitFor('the entry on the disk', async () =>
      (await readFile(join(files.directory, 'recordings.jsonl'), 'utf8').catch(() => '')).includes('"number":1,'),
    )
    await waitFor('the output on the disk', async () => (await transcript(files)).includes('before'))
    bridge.child.kill('SIGKILL')
    await waitFor('the end', () => bridge.ended())
    await startBridge(context, files)
    await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
    target.says('after the restart\r\n')
    assert.match((await list(files)).stdout, /^1 .* - +- +ended by a restart$/m)
    const lost = await list(files, 'export', '1')
    assert.is(lost.code, 0, lost.stderr)
    assert.match(lost.stdout, /"before\\r\\n"/)
    assert.not.match(lost.stdout, 'after the restart')
    // Numbers go on.
    const again = await attach('alice')
    again.types('\x1dd')
    await waitFor('alice to leave', () => again.ended())
    assert.match((await list(files)).stdout, /^2 {2}alice .*left$/m)

    // An observer of the console sees the list, and way 1 is theirs as well.
    assert.is((await runCommand(files, 'olga', 'core-sw1', 'recordings')).code, 0)
  },
  LIMIT,
)

test.run()
