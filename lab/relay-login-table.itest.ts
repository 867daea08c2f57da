/** Every command of the table, asked for by a login at the relay (way 2): the real sshd, `oobm-login` and bridge. */
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { simulatedCli } from '../console-bridge/run/testing/simulated-cli.ts'
import { EXEC_COMMANDS, EXEC_NAMES, type ExecCommandName, entryOf } from '../formats/exec-commands.ts'
import { runProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { loginScene, ssh, sshArgs } from './testing/login-scene.ts'

const test = suite('login at the relay: the table of commands')
const FIRST_UID = 58_041

interface Try {
  command: string
  options?: string[]
  input?: string
  /** Undefined where it depends on the machine that the test runs on. */
  code?: number
  says: RegExp
}

/** In this order: some read what an earlier one left. */
const TRIES: Partial<Record<ExecCommandName, Try[]>> = {
  attach: [
    { command: 'attach --lines 3', options: ['-tt'], input: '\x1dd', code: 0, says: /alice \(via relay\), operator/ },
  ],
  watch: [
    { command: 'watch', code: 64, says: /watch needs a terminal: ssh -t/ },
    { command: 'watch', options: ['-tt'], input: '\x1dd', code: 0, says: /alice \(via relay\), operator: you watch/ },
  ],
  // Whether a pty takes it depends on the kernel.
  break: [{ command: 'break 200', says: /BREAK/ }],
  release: [{ command: 'release', code: 0, says: /./ }],
  set: [
    { command: 'set', code: 0, says: /^core-sw1: 9600 8N1$/m },
    { command: 'set --keep speed 19200', code: 0, says: /^core-sw1: 19200 8N1, kept over restarts$/m },
    { command: 'set --default', code: 0, says: /^core-sw1: 9600 8N1, as configured$/m },
    { command: 'set speed fast', code: 64, says: /set: / },
  ],
  run: [
    { command: 'run -- show version', code: 0, says: /^IOS 15\n$/ },
    { command: 'run', input: 'show version\nshow clock\n', code: 0, says: /IOS 15\n[\s\S]*noon\n$/ },
    { command: 'run --json -- show clock', code: 0, says: /"output":"noon/ },
    { command: "run --until '^nothing like it$' --idle 1 -- show clock", code: 1, says: /noon/ },
  ],
  log: [
    { command: 'log --lines 500', code: 0, says: /^[\d-]{10} [\d:.]{12}[Z?] IOS 15$/m },
    { command: 'log --grep "IOS 1[0-9]" --lines 1', code: 0, says: /^[^\n]* IOS 15\n$/ },
    { command: 'log', code: 0, says: /\[oobm: alice \(via relay\) set the line to 19200 8N1\]/ },
    { command: 'log --grep nosuchtext', code: 1, says: /^$/ },
    { command: 'log --raw --since 1h', code: 0, says: /IOS 15\r\n/ },
    { command: 'log --since yesterday', code: 64, says: /log: --since cannot be "yesterday"/ },
  ],
  alerts: [{ command: 'alerts', code: 0, says: /^core-sw1 has no alerts: / }],
  'recordings list': [
    { command: 'recordings', code: 0, says: /^3 {2}alice \(via relay, run\) {2}.* 13 B {3}left$/m },
    { command: 'recordings list --json', code: 0, says: /"who": "alice \(via relay\)"/ },
  ],
  'recordings play': [
    { command: 'recordings play 3 --speed 100', code: 0, says: /IOS 15\r\n/ },
    { command: 'recordings play 999', code: 64, says: /core-sw1 has no recording 999/ },
  ],
  who: [{ command: 'who', code: 0, says: /^nobody is at core-sw1$/m }],
  message: [{ command: 'message -- on my way', code: 69, says: /nobody/ }],
  note: [
    { command: 'note do not reboot', code: 0, says: /note/ },
    { command: 'note', code: 0, says: /note by alice.*: do not reboot/ },
    { command: 'note --clear', code: 0, says: /note/ },
  ],
  status: [{ command: 'status', code: 0, says: /^core-sw1 on / }],
  help: [
    { command: 'help', code: 0, says: /^ssh NAME@RELAY CONSOLE log /m },
    { command: 'help log', code: 0, says: /--since TIME/ },
  ],
}

/** Takes longer than it is worth here; console-bridge/autobaud.itest.ts has it. */
const ELSEWHERE: readonly ExecCommandName[] = ['autobaud']

if (process.getuid?.() === 0) {
  test(
    'each command does what the table says, or says why not',
    async context => {
      const scene = await loginScene(context, FIRST_UID)
      const records = join(scene.directory, 'logins/alice')
      await mkdir(join(scene.directory, 'logins'))
      await writeFile(records, '')
      await chown(records, scene.uids.alice, 0)
      simulatedCli(scene.target, { 'show version': 'IOS 15\r\n', 'show clock': 'noon\r\n' })
      const untried = EXEC_NAMES.filter(name => EXEC_COMMANDS[name].access === 'any' && !TRIES[name])
      assert.equal(untried, ELSEWHERE, 'each command of formats/exec-commands.ts for way 2 has a try here')
      for (const { command, options = [], input, code, says } of Object.values(TRIES).flat()) {
        const args = sshArgs(scene, 'alice', options, `core-sw1 ${command}`)
        const answer = await runProgram('ssh', args, { timeoutMs: 60_000, ...(input !== undefined && { input }) })
        const all = answer.stdout + answer.stderr
        if (code !== undefined) assert.is(answer.code, code, `${command}: ${all}`)
        assert.match(all, says, `${command}: ${all}`)
      }
      for (const name of EXEC_NAMES.filter(name => EXEC_COMMANDS[name].access !== 'any')) {
        const answer = await ssh(scene, 'alice', [], `core-sw1 ${name}${neededBy(name)}`)
        const why = EXEC_COMMANDS[name].access === 'device' ? 'unknown command' : 'is not available through the relay'
        assert.is(answer.code, 64, `${name}: ${answer.stderr}`)
        assert.match(answer.stderr, why, name)
        assert.is(answer.stdout, '', name)
      }
      const recorded = await readFile(records, 'utf8')
      assert.is(recorded.match(/ from core-sw1 rack1 /g)?.length, 2, `attach and watch are sessions: ${recorded}`)
      assert.not.match(recorded, /show|reboot|nosuchtext/, 'nothing of what was sent: it may be a password')
    },
    { timeoutMs: 240_000 },
  )
} else {
  test.skip('each command does what the table says', 'accounts with passwords need root and a mount namespace')
}

/** Words for the arguments that it cannot be without. */
function neededBy(name: ExecCommandName): string {
  const values = entryOf(name).arguments ?? []
  return values
    .filter(({ isOptional }) => !isOptional)
    .map(({ takes }) => (takes?.test('1') ? ' 1' : ' send'))
    .join('')
}

test.run()
