import { existsSync } from 'node:fs'
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { simulatedCli } from '../console-bridge/run/testing/simulated-cli.ts'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { screenOf } from '../testbed/tmux-screen.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { loginScene, plinkOf, ssh, sshArgs } from './testing/login-scene.ts'

const test = suite('login at the relay: what is let in')
const LIMIT = { timeoutMs: 180_000 }
const FIRST_UID = 58_011

if (process.getuid?.() === 0) {
  test(
    'one console is entered at once; a name and a command lead there; everything else lists the consoles',
    async context => {
      const scene = await loginScene(context, FIRST_UID)
      const { directory } = scene
      const records = join(directory, 'logins/alice')
      await mkdir(join(directory, 'logins'))
      await writeFile(records, `gone 7\n${'1.1 to 1\n'.repeat(1022)}1.1 from core-`)
      await chown(records, scene.uids.alice, 0)
      simulatedCli(scene.target, {
        'show   it\'s "$(id)" *': 'answer\r\n',
        other: 'other answer\r\n',
      }).prompt = 'ro  uter#'
      const screen = await screenOf(context, directory, plinkOf(scene, 'bob'))
      await screen.shows(/you are bob \(via relay\), operator/)
      await screen.literally('\x1dd')
      await screen.shows(/\[exit 0\]/)

      const OPEN: [who: string, options: string[], command: string, code: number, says: RegExp][] = [
        ['alice', [], 'core-sw1 status', 0, /^core-sw1 on /],
        ['alice', [], 'core-sw1 status --json', 0, /"name": "core-sw1"/],
        ['alice', [], 'core-sw1 break 200', 69, /BREAK/],
        ['alice', [], 'core-sw2 release', 69, /flow control was not released: the line is closed/],
        ['alice', [], 'core-sw2', 0, /you are alice \(via relay\)/],
        ['bob', ['-T'], '', 0, /you are bob \(via relay\)/],
        [
          'alice',
          [],
          '',
          64,
          /no console given: use "ssh LOGIN@RELAY CONSOLE"\. Your consoles: core-sw1 core-sw2 edge-rt1/,
        ],
        ['carol', [], '', 69, /carol may open no console/],
        ['carol', ['-tt'], '', 69, /carol may open no console/],
        ['carol', [], 'core-sw1', 69, /carol may open no console/],
        ['alice', [], 'core-sw1 watch', 64, /watch needs a terminal/],
        // The bridge decides, by its table.
        ['alice', ['-tt'], '  core-sw1   status  --json ', 0, /"name": "core-sw1"/],
        ['alice', [], 'core-sw1 help', 0, /^ssh NAME@RELAY CONSOLE status \[--json\]/m],
        ['alice', [], 'core-sw1 list', 64, /"list" is not available through the relay/],
        ['alice', [], 'core-sw1 dismiss rack1', 64, /unknown command "dismiss"/],
        ['alice', [], 'core-sw1 sh', 64, /unknown command "sh"/],
        ['alice', [], 'core-sw1 break 1 2', 64, /break: unexpected argument "2"/],
        ['alice', [], 'core-sw1 break -oProxyCommand=id', 64, /break: unknown option "-oProxyCommand"/],
        ['alice', [], 'core-sw1 watch x', 64, /watch needs a terminal/],
        ['alice', [], `core-sw1 run -- show   it's "$(id)" *`, 0, /^answer\n$/],
        ['alice', [], `core-sw1 run --until '^ro  uter[>#]$' -- other`, 0, /^other answer\n$/],
        ['alice', ['-tt'], 'core-sw1 run -- other', 0, /^other answer\r\n$/],
        ['bob', [], 'core-sw1 run --idle 0 -- x', 64, /run: --idle cannot be "0"/],
        ['alice', [], "core-sw1 break '$(id) *' x", 64, /break: unexpected argument "x"/],
        ['alice', [], 'core-sw1 break "$(id)`id`*"', 64, /break: MS cannot be "\$\(id\)`id`\*"/],
      ]
      for (const [who, options, command, code, says] of OPEN) {
        const answer = await ssh(scene, who, options, ...(command === '' ? [] : [command]))
        const all = answer.stdout + answer.stderr
        assert.match(all, says, `${who} ${command}: ${all}`)
        // A pty has no BREAK line, so what comes of it is not this test's.
        if (!/break( 200)?$/.test(command)) assert.is(answer.code, code, `${who} ${command}: ${all}`)
      }
      // The device does not know her hop key for this console.
      assert.is((await ssh(scene, 'alice', [], 'edge-rt1')).code, 255)
      const [gone, ...left] = (await readFile(records, 'utf8')).split('\n')
      assert.is(gone, 'gone 518', '7 before, and 511: the first line is none of them')
      assert.is(left[511], '1.1 from core-')
      assert.equal(
        left.slice(512, -1).map(line =>
          line
            .replace(/ \d+ break/, ' ? break')
            .replace(/^\d+\.\d+ /, '')
            .replace(/^to \d+$/, 'to'),
        ),
        [
          ...['0 status', '0 status', '? break'].map(ran => `ran core-sw1 rack1 127.0.0.1 ${ran}`),
          ...['ran core-sw2 rack1 127.0.0.1 69 release', 'from core-sw2 rack1 127.0.0.1', 'to'],
          // Only the name of a command: what follows may be a password of the target.
          ...[
            '0 status',
            '0 help',
            '64 list',
            '64 dismiss',
            '64 sh',
            '? break',
            '? break',
            '0 run',
            '0 run',
            '0 run',
            '? break',
            '? break',
          ].map(ran => `ran core-sw1 rack1 127.0.0.1 ${ran}`),
          'refused edge-rt1 rack1 127.0.0.1 refused by the device, or the device is not connected',
        ],
      )
      await mkdir(join(directory, 'maintenance'))
      const until = Math.floor(Date.now() / 1000)
      const MAINTENANCE: [file: string, code: number, says: RegExp][] = [
        [
          '{"state":"off","until":null,"at":1,"by":"x"}\n',
          69,
          /^\[oobm: rack1: access is off since 1970-01-01 00:00:01 UTC, switched off by x, until it is switched on\]$/m,
        ],
        [
          `{"state":"off","until":${until + 3600},"at":1,"by":"x","reason":"a \\"b\\" c"}\n`,
          69,
          /, switched off by x, until 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC: a "b" c\]$/m,
        ],
        [`{"state":"off","until":${until - 1},"at":1,"by":"x"}\n`, 0, /^core-sw1 on /],
        ['{"state":"on","until":null,"at":1,"by":"x"}\n', 0, /^core-sw1 on /],
      ]
      for (const [file, code, says] of MAINTENANCE) {
        await writeFile(join(directory, 'maintenance/rack1.json'), file)
        const answer = await ssh(scene, 'alice', [], 'core-sw1 status')
        assert.is(answer.code, code, file)
        assert.match(answer.stdout + answer.stderr, says)
      }
      const devices = await ssh(scene, 'alice', [], 'devices')
      assert.equal([devices.code, devices.stderr], [0, ''])
      assert.match(
        devices.stdout,
        /^rack1: access is on, and the device can be reached here; 2 h ago it reported: ready, proved 2 h ago, by eth0$/m,
      )
      for (const [what, lines] of [
        ['states', 1],
        ['consoles', 3],
      ] as const) {
        const { code, stdout } = await ssh(scene, 'alice', [], what)
        assert.is(code, 0)
        assert.match(stdout, /^device=rack1 .* access=on open=yes state=ready .* uplink=eth0 /)
        assert.is(stdout.trim().split('\n').length, lines, stdout)
      }

      // A console of somebody else, and one that does not exist: the answers are equal.
      const answerTo = async (name: string, options: string[] = []) => {
        const { code, stdout, stderr } = await ssh(scene, 'alice', options, name)
        return [code, stdout, stderr]
      }
      for (const options of [[], ['-tt']]) {
        for (const command of ['', ' watch', ' status', ' break'])
          assert.equal(await answerTo(`secret${command}`, options), await answerTo(`nosuch${command}`, options))
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
          'core-sw1 -oProxyCommand=id',
          'core-sw1 --help',
          'core-sw1 break\n1',
          'core-sw1 break\t1',
          'core-sw1 break \x1b[2J',
          'core-sw1 break \x7f',
          'core-sw1 Break',
          'core-sw1 br*',
          'core-sw1 "break"',
          `core-sw1 ${'b'.repeat(33)}`,
        ],
        ...['*', '?', '[a-z]*', '   ', 'x'.repeat(100_000), `core-sw1 status ${'x'.repeat(4_096)}`],
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
      const master = startProgram('ssh', sshArgs(scene, 'alice', ['-M', '-S', mux, '-N']))
      context.cleanup(() => master.stop())
      await waitFor('the connection', () => existsSync(mux))
      for (const command of REFUSED) {
        for (const options of [[], ['-tt']]) {
          const answer = await ssh(scene, 'alice', ['-S', mux, ...options], command)
          const all = answer.stdout + answer.stderr
          assert.is(answer.code, 64, `${command.slice(0, 60)}: ${all}`)
          assert.match(
            all,
            /not allowed here\. Usage: devices, or .*\. Your consoles: core-sw1 core-sw2 edge-rt1/,
            command.slice(0, 60),
          )
        }
      }
    },
    LIMIT,
  )

  test(
    'one technician has ten logins at a time; the eleventh is told so',
    async context => {
      const scene = await loginScene(context, FIRST_UID)
      const mux = join(scene.directory, 'mux')
      // sshd lets one connection have four.
      const sockets = ['a', 'b', 'c'].map(end => mux + end)
      for (const socket of sockets) {
        const master = startProgram('ssh', sshArgs(scene, 'alice', ['-M', '-S', socket, '-N']))
        context.cleanup(() => master.stop())
        await waitFor('the connection', () => existsSync(socket))
      }
      const menus: ReturnType<typeof startProgram>[] = []
      for (let n = 0; n < 10; n++) {
        const menu = startProgram('ssh', sshArgs(scene, 'alice', ['-tt', '-S', sockets[Math.floor(n / 4)] ?? '']))
        context.cleanup(() => menu.stop())
        menus.push(menu)
        await menu.says(/Consoles of alice/)
      }
      const eleventh = await ssh(scene, 'alice', [], 'core-sw1 status')
      assert.is(eleventh.code, 75, eleventh.stderr)
      assert.match(eleventh.stderr, /^\[oobm: you have 10 logins on this relay already: end one\. One/)
      assert.ok(
        menus.every(menu => !menu.ended()),
        'those that are there stay',
      )
      assert.is((await ssh(scene, 'bob', ['-T'])).code, 0, 'another technician is not kept out')
      menus[0]?.child.stdin?.write('q')
      await waitFor('one to end', () => menus[0]?.ended() === true)
      await waitFor('a place', async () => (await ssh(scene, 'alice', [], 'core-sw1 status')).code === 0)
    },
    LIMIT,
  )

  test(
    'nobody reads another’s hop key, and their own is bound to their consoles on the bridge',
    async context => {
      const scene = await loginScene(context, FIRST_UID)
      const { directory, uids } = scene
      const read = (uid: number, file: string) =>
        runProgram('setpriv', [
          `--reuid=${uid}`,
          `--regid=${uid}`,
          '--clear-groups',
          'cat',
          join(directory, 'relay/hop_keys', file),
        ])
      assert.is((await read(uids.alice, 'alice')).code, 0)
      for (const [uid, file] of [
        [uids.alice, 'bob'],
        [uids.bob, 'alice'],
        [uids.carol, 'alice'],
        [65_534, 'alice'],
      ] as const) {
        assert.is.not((await read(uid, file)).code, 0, `${uid} ${file}`)
      }
    },
    LIMIT,
  )
} else {
  test.skip('all that is refused', 'accounts with passwords need root and a mount namespace')
}

test.run()
