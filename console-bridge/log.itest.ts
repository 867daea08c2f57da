import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { openTerminal, runCommand, sshArgs, startBridge, statusWhere } from './testing/bridge-fixture.ts'
import { bridgeOnPty } from './testing/bridge-on-pty.ts'

const test = suite('log')
const LIMIT = { timeoutMs: 120_000 }
const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[Z?] /gm

/** What was printed, without the times. */
function textsOf(stdout: string): string {
  assert.is(stdout.match(TIME)?.length ?? 0, stdout.split('\n').length - 1, 'each line has a time')
  return stdout.replaceAll(TIME, '')
}

test(
  'prints what the console said while nobody was on, with times; exactly the bytes with --raw',
  async context => {
    const { target, files } = await bridgeOnPty(context)
    const said = 'Booting\r\n\x1b[31m%SYS-5-RESTART\x1b[0m: up\r\nprompt\\> \xff'
    target.says(said)
    const log = await waitFor('the log to have all', async () => {
      const found = await runCommand(files, 'alice', 'core-sw1', 'log')
      return found.stdout.includes('prompt') ? found : undefined
    })
    assert.is(log.code, 0, log.stderr)
    assert.match(
      textsOf(log.stdout),
      /^\[oobm: the console bridge started\]\n\[oobm: the line is open, 9600 8N1\]\nBooting\n%SYS-5-RESTART: up\nprompt\\> .\n$/,
    )
    assert.is(log.stderr, '')
    const raw = await runCommand(files, 'alice', 'core-sw1', 'log', '--raw')
    assert.is(raw.stdout, Buffer.from(said).toString())
    assert.is(
      (await runCommand(files, 'alice', 'core-sw1', 'log', '--lines', '2', '--raw')).stdout,
      Buffer.from('\x1b[31m%SYS-5-RESTART\x1b[0m: up\r\nprompt\\> \xff').toString(),
    )
  },
  LIMIT,
)

test(
  'selects by lines, time and expression, and says what is wrong with them',
  async context => {
    const { target, files } = await bridgeOnPty(context)
    target.says(Array.from({ length: 300 }, (_, at) => `line ${at}\r\n`).join(''))
    const log = (...args: string[]) => runCommand(files, 'alice', 'core-sw1', 'log', ...args)
    await waitFor('all lines', async () => (await log('--lines', '1')).stdout.includes('line 299'))
    const lines = async (...args: string[]) =>
      textsOf((await log(...args)).stdout)
        .trimEnd()
        .split('\n')
    const hundred = await lines()
    assert.is(hundred.length, 100)
    assert.is(hundred.at(-1), 'line 299')
    assert.equal(await lines('--lines=2'), ['line 298', 'line 299'])
    assert.is((await lines('--since', '1h')).filter(line => line.startsWith('line')).length, 300)
    assert.equal(await lines('--grep', "'LINE 29[78]$|(?i)LINE 1$'"), ['line 1'])
    assert.equal(await lines('--grep', "'^line 2.5$'", '--lines', '2'), ['line 285', 'line 295'])

    const none = await log('--grep', 'nowhere')
    assert.equal([none.code, none.stdout], [1, ''])
    const later = await log('--since', '2100-01-01')
    assert.equal([later.code, later.stdout], [0, ''])
    assert.match(later.stderr, /nothing was recorded in this time/)
    for (const [args, message] of [
      [['--since', 'yesterday'], /an age such as 1h or a time such as 2026-11-26T04:20/],
      [['--since', '2026-02-30'], /there is no such time: 2026-02-30/],
      [['--lines', 'x'], /a number/],
      [['--lines', '99999'], /10000 at most/],
      [['--grep', "'('"], /--grep: missing closing \)/],
      [['--grep', 'x', '--raw'], /exclude each other/],
      [['extra'], /unexpected argument "extra"/],
    ] as const) {
      const wrong = await log(...args)
      assert.is(wrong.code, 64, args.join(' '))
      assert.match(wrong.stderr, message)
      assert.is(wrong.stdout, '')
    }
    assert.is((await log('--grep', "'(a+)+$'")).code, 1)
  },
  LIMIT,
)

test(
  'follows, keeps control sequences off a terminal, and ends with Ctrl-C',
  async context => {
    const { target, terminal } = await bridgeOnPty(context)
    const alice = terminal('alice', 'log', '--follow')
    const withPty = terminal('alice', 'log', '--follow')
    await withPty.says(/the line is open/)
    target.says('first\r\n\x1b[6nsecond\r\n')
    await alice.says(/first[\s\S]*second/)
    await withPty.says(/first[\s\S]*second/)
    assert.not(alice.output().includes('\x1b['))
    target.says('third\r\n')
    await alice.says(/third/)
    assert.is(alice.output().match(/first/g)?.length, 1)
    alice.types('\x03')
    await waitFor('ssh to end', () => alice.ended())
  },
  LIMIT,
)

test(
  'after a restart the transcript goes on; who is new to the console reads from then on',
  async context => {
    const { target, files, bridge } = await bridgeOnPty(context)
    target.says('before\r\n')
    const before = () => runCommand(files, 'olga', 'core-sw1', 'log')
    await waitFor('the output', async () => (await before()).stdout.includes('before'))
    await bridge.stop()
    // As if bob had not been in the configuration until now.
    const access = join(files.directory, 'transcript', 'access.json')
    const { bob, ...others } = JSON.parse(await readFile(access, 'utf8'))
    assert.equal(bob, { 'core-sw1': 0 })
    await writeFile(access, JSON.stringify(others))
    await startBridge(context, files)
    await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
    target.says('after\r\n')
    const alice = await waitFor('the new output', async () => {
      const found = await runCommand(files, 'alice', 'core-sw1', 'log')
      return found.stdout.includes('after') ? found : undefined
    })
    const lines = textsOf(alice.stdout).trimEnd().split('\n')
    assert.ok(lines.includes('before'))
    assert.ok(lines.includes('[oobm: the console bridge stopped]'))
    assert.not(lines.some(line => line.includes('missing')))
    const late = await runCommand(files, 'bob', 'core-sw1', 'log')
    assert.is(textsOf(late.stdout).split('\n')[0], '[oobm: the console bridge started]')
    assert.match(late.stderr, /\[oobm: you have core-sw1 since \S+ \S+ UTC; what it said before is not shown\]/)
  },
  LIMIT,
)

test(
  'a session begins with what was said before the bridge started, or with as many lines as one asks for',
  async context => {
    const { target, files, bridge, terminal } = await bridgeOnPty(context)
    target.says(Array.from({ length: 400 }, (_, at) => `line ${at}\r\n`).join(''))
    target.says('\x1b[31mprompt#')
    const log = () => runCommand(files, 'olga', 'core-sw1', 'log', '--lines', '1')
    await waitFor('the output', async () => (await log()).stdout.includes('prompt#'))
    await bridge.stop()
    await startBridge(context, files)
    const alice = terminal('alice')
    await alice.says(/for help\]\r\n(?:line 3\d\d\r\n){23}prompt#/)
    assert.not(alice.output().includes('line 376'))
    target.says('ok\r\n')
    await alice.says(/prompt#(\r\n\[oobm: [^\r]*\]\r\n)?ok\r\n/)

    const bob = openTerminal(context, 'ssh', ['-t', ...sshArgs(files, 'bob', 'core-sw1', 'attach', '--lines', '350')])
    await bob.says(/line 51\r\n[\s\S]*line 399\r\nprompt#ok\r\n/)
    assert.not(bob.output().includes('line 50\r'))
    bob.types('\x1dl')
    await bob.says(
      /\[oobm: last 20 lines of core-sw1, (\d{4}-\d\d-\d\d, )?times in UTC\]\r\n(\d\d-\d\d )?\d\d:\d\d:\d\d\??/,
    )
    await bob.says(/\d\?? prompt#\r\n(.*\r\n)*\[oobm: end; more: ssh core-sw1 log(;[^\]]*)?\]\r\n/)
    const none = await runCommand(files, 'olga', 'core-sw1', 'watch', '--lines', 'x')
    assert.is(none.code, 64)
  },
  LIMIT,
)

test(
  'log_role = "admin" keeps it from everybody else',
  async context => {
    const { files } = await bridgeOnPty(context, { logRole: 'admin' })
    const refused = await runCommand(files, 'alice', 'core-sw1', 'log')
    assert.is(refused.code, 77)
    assert.match(refused.stderr, /only administrators may read the transcript/)
  },
  LIMIT,
)

test(
  'a console without a transcript says so, and leaves nothing on the disk',
  async context => {
    const { target, files } = await bridgeOnPty(context, { transcript: false })
    target.says('x\r\n')
    const log = await runCommand(files, 'alice', 'core-sw1', 'log')
    assert.is(log.code, 69)
    assert.match(log.stderr, /core-sw1 has no transcript: transcript = false/)
    assert.not((await readdir(join(files.directory, 'transcript'))).includes('core-sw1'))
  },
  LIMIT,
)

test.run()
