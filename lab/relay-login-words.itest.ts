import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { suite } from '../tools/suite.ts'
import { loginScene, plinkOf, ssh, sshArgs } from './testing/login-scene.ts'
import { screenOf } from './testing/tmux-screen.ts'

const test = suite('login at the relay: what is let in')
const LIMIT = { timeoutMs: 180_000 }
const FIRST_UID = 58_011

if (process.getuid?.() === 0) {
  test(
    'one console is entered at once; a name and a word lead there; everything else says which there are',
    async context => {
      const scene = await loginScene(context, FIRST_UID)
      const { directory } = scene
      const screen = await screenOf(context, directory, plinkOf(scene, 'bob'))
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
        const answer = await ssh(scene, who, options, ...(command === '' ? [] : [command]))
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
        const answer = await ssh(scene, 'alice', [], 'core-sw1 status')
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
