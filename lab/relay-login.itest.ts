import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type BridgeFiles, bridgeFiles, startBridge, statusWhere } from '../console-bridge/testing/bridge-fixture.ts'
import { type PtyTarget, ptyTarget } from '../console-bridge/testing/pty-target.ts'
import { makeKey } from '../testbed/make-key.ts'
import { type Finished, runProgram, startProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { isAlive } from '../testbed/sshd.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { suite, type TestContext } from '../tools/suite.ts'
import { type LoginRelay, startLoginRelay } from './testing/login-relay.ts'

const test = suite('login at the relay')
const LIMIT = { timeoutMs: 180_000 }
const PASSWORD = 'correct horse battery'
/** Uids that nobody on this machine has; one for each test that may run beside another. */
const UIDS = { alice: 58_001, bob: 58_002, carol: 58_003 }

interface Setup {
  relay: LoginRelay
  files: BridgeFiles
  target: PtyTarget
  directory: string
  /** A process of one of the accounts, besides sshd's own. */
  processesOf(name: keyof typeof UIDS): Promise<string[]>
}

/** alice may have three of four consoles, bob one, carol none by login. */
async function setUp(context: TestContext): Promise<Setup> {
  const directory = await scratchDirectory(context)
  const target = await ptyTarget(context, directory)
  const hopKeys = new Map(
    await Promise.all(
      (['alice', 'bob'] as const).map(async name => [name, await makeKey(directory, `hop-${name}`)] as const),
    ),
  )
  const hopKeyOf = (name: 'alice' | 'bob') => [hopKeys.get(name)?.publicKey ?? '']
  const own = async (name: string) => [(await makeKey(directory, `own-${name}`)).publicKey]
  const files = await bridgeFiles(
    context,
    [
      { name: 'core-sw1', path: target.path },
      ...['core-sw2', 'edge-rt1', 'secret'].map(name => ({ name, path: '/dev/not-there' })),
    ],
    {
      technicians: [
        { name: 'alice', keys: await own('alice'), viaRelay: ['core-sw1', 'core-sw2'], hopKeys: hopKeyOf('alice') },
        { name: 'bob', keys: await own('bob'), viaRelay: ['core-sw1'], hopKeys: hopKeyOf('bob') },
      ],
    },
  )
  const bridge = await startBridge(context, files)
  await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
  const line = (name: string, port = files.port) => `${name} ${port} ${name} rack1\n`
  const consoles = ['core-sw1', 'core-sw2', 'edge-rt1']
  const account = (uid: number, list: string) => ({ uid, password: PASSWORD, list, jumpPorts: [files.port] })
  const relay = await startLoginRelay({
    directory,
    accounts: {
      alice: account(UIDS.alice, consoles.map(name => line(name)).join('')),
      bob: account(UIDS.bob, `not a line\n;id 1 x y\n${line('core-sw1')}`),
      carol: account(UIDS.carol, ''),
    },
    hopKeys,
    bridgeHosts: consoles.map(name => `${name} ${files.hostKey.publicKey}\n`).join(''),
  })
  context.cleanup(() => relay.sshd.stop())
  context.onFailure(() => `${relay.sshd.log()}\n${bridge.output()}`)
  const processesOf = async (name: keyof typeof UIDS) => {
    const { stdout } = await runProgram('ps', ['-o', 'pid=,args=', '-u', String(UIDS[name])])
    return stdout.split('\n').filter(text => text !== '' && !text.includes('sshd: '))
  }
  return { relay, files, target, directory, processesOf }
}

function sshArgs({ relay }: Setup, who: string, options: string[], ...command: string[]): string[] {
  const common = ['BatchMode=yes', 'IdentitiesOnly=yes', `UserKnownHostsFile=${relay.knownHosts}`, 'LogLevel=ERROR']
  return [
    ...['-F', 'none', '-i', relay.key(who).path, '-p', String(relay.port)],
    ...common.flatMap(option => ['-o', option]),
    ...options,
    `${who}@127.0.0.1`,
    // What follows may begin with a dash, and is not ssh's.
    ...(command.length > 0 ? ['--', ...command] : []),
  ]
}

function ssh(setup: Setup, who: string, options: string[], ...command: string[]): Promise<Finished> {
  return runProgram('ssh', sshArgs(setup, who, options, ...command), { timeoutMs: 40_000 })
}

/** A terminal of 80 columns, as tmux draws it, with a program in it. */
async function screenOf(context: TestContext, directory: string, command: string[]) {
  const socket = join(directory, `tmux-${Math.random().toString(36).slice(2)}`)
  const line = command.map(word => `'${word}'`).join(' ')
  const tmux = (...args: string[]) => runProgram('tmux', ['-S', socket, '-f', '/dev/null', ...args])
  await tmux('new-session', '-d', '-x', '80', '-y', '24', `${line}; echo "[exit $?]"; exec sleep 600`)
  context.cleanup(() => tmux('kill-server'))
  const text = async () => (await tmux('capture-pane', '-p')).stdout
  context.onFailure(text)
  return {
    text,
    tmux,
    keys: (...names: string[]) => tmux('send-keys', ...names),
    literally: (text: string) => tmux('send-keys', '-l', text),
    shows: (pattern: RegExp, timeoutMs = 60_000) =>
      waitFor(`${pattern} on the screen`, async () => pattern.exec(await text()), { timeoutMs }),
  }
}

const plinkOf = ({ relay }: Setup, who: string): string[] => [
  ...['plink', '-ssh', '-t', '-no-antispoof', '-P', String(relay.port), '-hostkey', relay.fingerprint],
  ...['-pw', PASSWORD, `${who}@127.0.0.1`],
]

if (process.getuid?.() === 0) {
  test(
    'with PuTTY and a password: the menu, arrow keys, a number, and back from a console',
    async context => {
      const setup = await setUp(context)
      const { target, files, directory, processesOf } = setup
      const screen = await screenOf(context, directory, plinkOf(setup, 'alice'))
      await screen.shows(/^> +1 +core-sw1 +rack1/m)
      assert.match(
        await screen.text(),
        /^Consoles of alice, by way of this relay\n\n> +1 +core-sw1 +rack1\n +2 +core-sw2/,
      )
      assert.match(
        await screen.text(),
        /Number or arrow keys, then Enter; q leaves\.\nIn a console: .*Ctrl-\] b sends BREAK/,
      )
      await screen.keys('Down')
      await screen.shows(/^> +2 +core-sw2/m)
      await screen.keys('Down', 'Down', 'Down')
      await screen.shows(/^> +3 +edge-rt1/m)
      await screen.keys('Up', 'Up', 'Up', 'Up')
      await screen.shows(/^> +1 +core-sw1/m)
      await screen.keys('2')
      await screen.shows(/^> +2 +core-sw2/m)
      await screen.keys('1', 'Enter')
      await screen.shows(/\[oobm: you are alice \(via relay\), operator: you type\]/)
      await screen.shows(/BREAK is Ctrl-\] b on this way/)
      await screen.literally('show clock\r')
      await target.hears(/show clock\r/)
      // What the terminal would make a signal of, or an ssh a command of its own, is the router's.
      await screen.keys('C-c', 'C-z', 'C-\\', 'Enter')
      await screen.literally('~.~C~?')
      await target.hears(/\x03\x1a\x1c\r~\.~C~\?/)
      const { consoles } = await statusWhere(files, 'alice', ({ consoles }) => consoles[0]?.sessions.length === 1)
      assert.equal(
        consoles[0]?.sessions.map(({ technician, via }) => [technician, via]),
        [['alice', 'relay']],
      )
      await screen.literally('\x1dd')
      await screen.shows(/^Back from core-sw1\./m)
      await screen.keys('3', 'Enter')
      // The bridge does not let her: the list on the relay alone opens nothing.
      await screen.shows(/no connection to edge-rt1.*any key for the menu/s)
      await screen.keys('Space')
      await screen.shows(/^No connection to edge-rt1\./m)
      await screen.keys('q')
      await screen.shows(/\[exit 0\]/)
      await waitFor('nothing of hers to be left', async () => (await processesOf('alice')).length === 0)
    },
    LIMIT,
  )

  test(
    'the menu takes no garbage, no signal and no size; hang-up leaves no process',
    async context => {
      const setup = await setUp(context)
      const { directory, processesOf, relay } = setup
      const screen = await screenOf(context, directory, ['ssh', '-tt', ...sshArgs(setup, 'alice', ['-e', 'none'])])
      await screen.shows(/^> +1 +core-sw1/m)
      await screen.keys('C-z', 'C-\\', 'C-s', 'C-q', 'Tab', 'F1', 'F5', 'M-x', 'Home')
      await screen.literally(`~.~C~?$(id);id|sh&\`id\`"'*`)
      await screen.literally('\x1b[999;999;999;999H\x1b]0;title\x07\x1bP$q\x1b\\')
      await screen.literally(`${'A'.repeat(3_000)}${'9'.repeat(3_000)}`)
      await screen.keys('End')
      await screen.shows(/^> +3 +edge-rt1/m)
      assert.match(
        await screen.text(),
        /^Consoles of alice, by way of this relay\n\n +1 +core-sw1 +rack1\n +2 +core-sw2 +rack1\n> +3/,
      )
      await screen.tmux('resize-window', '-x', '40', '-y', '12')
      await screen.shows(/^In a console: Ctrl-\] \? helps, Ctrl-\] b$/m)
      await screen.keys('Home')
      await screen.shows(/^> +1 +core-sw1/m)
      await screen.tmux('resize-window', '-x', '100', '-y', '30')
      await screen.shows(/Ctrl-\] d comes back\.$/m)
      assert.is((await processesOf('alice')).filter(args => /oobm-login/.test(args)).length >= 1, true)
      await screen.tmux('kill-server')
      await waitFor('nothing of hers to be left', async () => (await processesOf('alice')).length === 0)

      // The same from within a console, with a client that dies.
      const client = startProgram('script', [
        '-qfec',
        `exec ssh -tt ${sshArgs(setup, 'bob', []).join(' ')}`,
        '/dev/null',
      ])
      context.cleanup(() => client.stop())
      await client.says(/you are bob \(via relay\)/, 60_000)
      assert.ok((await processesOf('bob')).length > 0)
      client.child.kill('SIGKILL')
      await waitFor('nothing of his to be left', async () => (await processesOf('bob')).length === 0)
      assert.ok(await isAlive(relay.sshd.program.pid))
    },
    LIMIT,
  )

  test(
    'one console is entered at once; a name and a word lead there; everything else says which there are',
    async context => {
      const setup = await setUp(context)
      const { directory } = setup
      const screen = await screenOf(context, directory, plinkOf(setup, 'bob'))
      await screen.shows(/you are bob \(via relay\), operator/)
      await screen.literally('\x1dd')
      await screen.shows(/\[exit 0\]/)

      const OPEN: [who: string, options: string[], command: string, code: number, says: RegExp][] = [
        ['alice', [], 'core-sw1 status', 0, /^core-sw1 on /],
        ['alice', [], 'core-sw1 status --json', 0, /"name": "core-sw1"/],
        ['alice', [], 'core-sw1 break 200', 69, /BREAK/],
        ['alice', [], 'core-sw2', 0, /you are alice \(via relay\)/],
        ['bob', ['-T'], '', 0, /you are bob \(via relay\)/],
        ['alice', [], '', 64, /say which: ssh LOGIN@RELAY CONSOLE\. Yours are: core-sw1 core-sw2 edge-rt1/],
        ['carol', [], '', 69, /no console opens to carol/],
        ['carol', ['-tt'], '', 69, /no console opens to carol/],
        ['carol', [], 'core-sw1', 69, /no console opens to carol/],
        ['alice', [], 'core-sw1 watch', 64, /watch needs a terminal/],
      ]
      for (const [who, options, command, code, says] of OPEN) {
        const answer = await ssh(setup, who, options, ...(command === '' ? [] : [command]))
        const all = answer.stdout + answer.stderr
        assert.match(all, says, `${who} ${command}: ${all}`)
        // A pty has no BREAK line, so what comes of it is not this test's.
        if (!command.includes('break')) assert.is(answer.code, code, `${who} ${command}: ${all}`)
      }
      await mkdir(join(directory, 'maintenance'))
      const until = Math.floor(Date.now() / 1000)
      const MAINTENANCE: [file: string, code: number, says: RegExp][] = [
        ['{"state":"off","until":null,"at":1,"by":"x"}\n', 69, /maintenance of rack1 is switched off/],
        [`{"state":"off","until":${until + 3600},"at":1,"by":"x"}\n`, 69, /maintenance of rack1 is switched off/],
        [`{"state":"off","until":${until - 1},"at":1,"by":"x"}\n`, 0, /^core-sw1 on /],
        ['{"state":"on","until":null,"at":1,"by":"x"}\n', 0, /^core-sw1 on /],
      ]
      for (const [file, code, says] of MAINTENANCE) {
        await writeFile(join(directory, 'maintenance/rack1.json'), file)
        const answer = await ssh(setup, 'alice', [], 'core-sw1 status')
        assert.is(answer.code, code, file)
        assert.match(answer.stdout + answer.stderr, says)
      }
      const REFUSED = [
        ...[
          'sh',
          'sh -i',
          '-i',
          'bash',
          'id',
          '/bin/sh',
          '../../bin/sh',
          'secret',
          'core',
          'core-sw',
          'core-sw1x',
          'core.sw1',
        ],
        ...[
          'core-sw1;id',
          'core-sw1 ; id',
          'core-sw1 $(id)',
          '`id`',
          'core-sw1|id',
          'core-sw1\nid',
          'core-sw1 sh',
          'core-sw1 -oProxyCommand=id',
        ],
        ...[
          'core-sw1 break 1 2',
          'core-sw1 break -1',
          'core-sw1 break 9999999999',
          'core-sw1 watch x',
          'core-sw1 list',
          'core-sw1 help',
        ],
        ...['core-sw1 status --json x', '*', '?', '[a-z]*', '   ', 'x'.repeat(100_000), 'core-sw1 '.repeat(60)],
        ...[
          'scp -t /tmp/x',
          'scp -f /etc/passwd',
          'rsync --server .',
          'internal-sftp',
          'git-upload-pack x',
          'CORE-SW1',
          '--',
          '-- core-sw1',
        ],
      ]
      // One connection for all: logins take longer than what is tried.
      const mux = join(directory, 'mux')
      const master = startProgram('ssh', sshArgs(setup, 'alice', ['-M', '-S', mux, '-N']))
      context.cleanup(() => master.stop())
      await waitFor('the connection', () => existsSync(mux))
      for (const command of REFUSED) {
        for (const options of [[], ['-tt']]) {
          const answer = await ssh(setup, 'alice', ['-S', mux, ...options], command)
          const all = answer.stdout + answer.stderr
          assert.is(answer.code, 64, `${command.slice(0, 60)}: ${all}`)
          assert.match(
            all,
            /nothing is run here\. Yours are: core-sw1 core-sw2 edge-rt1\. After one:/,
            command.slice(0, 60),
          )
        }
      }
    },
    LIMIT,
  )

  test(
    'nobody reads another’s hop key, and his own is bound to his consoles on the bridge',
    async context => {
      const setup = await setUp(context)
      const { directory } = setup
      const read = (uid: number, file: string) =>
        runProgram('setpriv', [
          `--reuid=${uid}`,
          `--regid=${uid}`,
          '--clear-groups',
          'cat',
          join(directory, 'relay/hop_keys', file),
        ])
      assert.is((await read(UIDS.alice, 'alice')).code, 0)
      for (const [uid, file] of [
        [UIDS.alice, 'bob'],
        [UIDS.bob, 'alice'],
        [UIDS.carol, 'alice'],
        [65_534, 'alice'],
      ] as const) {
        assert.is.not((await read(uid, file)).code, 0, `${uid} ${file}`)
      }
    },
    LIMIT,
  )
} else {
  test.skip('the menu and all that is refused', 'accounts with passwords need root and a mount namespace')
}

test.run()
