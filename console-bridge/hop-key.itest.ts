import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { makeKey } from '../testbed/make-key.ts'
import { ptyTarget } from '../testbed/pty-target.ts'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { type BridgeFiles, bridgeFiles, openTerminal, startBridge, statusWhere } from './testing/bridge-fixture.ts'

const test = suite('hop keys')
const LIMIT = { timeoutMs: 120_000 }

/** Two consoles, and hop keys of alice (core-sw1) and olga, who watches (core-sw1); bob has none. */
async function withHopKeys(context: TestContext) {
  const directory = await scratchDirectory(context)
  const target = await ptyTarget(context, directory)
  const hop = { alice: await makeKey(directory, 'hop-alice'), olga: await makeKey(directory, 'hop-olga') }
  const keys = { bob: await makeKey(directory, 'bob') }
  const files = await bridgeFiles(
    context,
    [
      { name: 'core-sw1', path: target.path },
      { name: 'core-sw2', path: '/dev/not-there' },
    ],
    {
      technicians: [
        {
          name: 'alice',
          keys: [(await makeKey(directory, 'own')).publicKey],
          viaRelay: ['core-sw1'],
          hopKeys: [hop.alice.publicKey],
        },
        {
          name: 'olga',
          keys: [(await makeKey(directory, 'own2')).publicKey],
          role: 'observer',
          viaRelay: ['core-sw1'],
          hopKeys: [hop.olga.publicKey],
        },
        { name: 'bob', keys: [keys.bob.publicKey] },
      ],
    },
  )
  const bridge = await startBridge(context, files)
  await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
  const args = (who: keyof typeof hop, login: string, ...more: string[]) =>
    hopArgs(files, hop[who].path, login, ...more)
  return { target, files, bridge, args, directory, keys }
}

function hopArgs({ directory, port }: BridgeFiles, key: string, login: string, ...more: string[]): string[] {
  const options = [`UserKnownHostsFile=${directory}/hosts`, 'BatchMode=yes', 'IdentitiesOnly=yes', 'LogLevel=ERROR']
  const common = ['-F', 'none', '-i', key, '-p', String(port), ...options.flatMap(option => ['-o', option])]
  return [...common, '-l', login, '127.0.0.1', ...more]
}

test(
  'a hop key opens its own console as its own technician, with the commands for it, and nothing else',
  async context => {
    const { files, args, bridge } = await withHopKeys(context)
    const CASES: [who: 'alice' | 'olga', login: string, command: string[], code: number, says: RegExp][] = [
      ['alice', 'alice:core-sw1', ['status'], 0, /^core-sw1 on /],
      ['alice', 'alice:core-sw1', ['release'], 0, /^flow control of core-sw1 released$/m],
      ['alice', 'alice:core-sw1', ['break', '100'], 0, /BREAK sent|no BREAK was sent/],
      ['olga', 'olga:core-sw1', ['break'], 77, /read-only: you are an observer; neither typing nor BREAK is sent/],
      ['alice', 'alice:core-sw1', ['list'], 64, /"list" is not available through the relay/],
      ['alice', 'alice:core-sw1', ['help'], 0, /^ssh NAME@RELAY CONSOLE status/m],
      ['alice', 'alice:core-sw1', ['sh'], 64, /unknown command "sh"/],
      ['alice', 'alice:core-sw1', ['status', '; sh'], 64, /status: unexpected argument ";"; usage: status \[--json\]/],
      ['alice', 'alice:core-sw2', ['status'], 255, /Permission denied/],
      ['alice', 'alice:console', ['status'], 255, /Permission denied/],
      ['alice', 'alice:nowhere', ['status'], 255, /Permission denied/],
      ['alice', 'alice', ['status'], 255, /Permission denied/],
      ['alice', 'core-sw1', ['status'], 255, /Permission denied/],
      ['alice', ':core-sw1', ['status'], 255, /Permission denied/],
      ['alice', 'olga:core-sw1', ['status'], 255, /Permission denied/],
      ['alice', 'bob:core-sw1', ['status'], 255, /Permission denied/],
      ['alice', 'local:core-sw1', ['status'], 255, /Permission denied/],
      ['alice', 'relay:core-sw1', ['status'], 255, /Permission denied/],
      ['alice', 'ALICE:core-sw1', ['status'], 255, /Permission denied/],
      ['olga', 'alice:core-sw1', ['status'], 255, /Permission denied/],
    ]
    for (const [who, login, command, code, says] of CASES) {
      const answer = await runProgram('ssh', args(who, login, ...command), { timeoutMs: 30_000 })
      // A pty has no BREAK line: the bridge tries it, and says that it failed.
      if (command[0] !== 'break' || code !== 0)
        assert.is(answer.code, code, `${who} as ${login} ${command}: ${answer.stderr}`)
      assert.match(answer.stdout + answer.stderr, says, `${who} as ${login} ${command}`)
    }
    const { stdout } = await runProgram('ssh', args('alice', 'alice:core-sw1', 'status', '--json'))
    assert.equal(
      JSON.parse(stdout).consoles.map(({ name }: { name: string }) => name),
      ['core-sw1'],
    )
    for (const refused of [
      ['-s', 'sftp'],
      ['-N', '-W', '127.0.0.1:22'],
    ]) {
      const [login = '', ...rest] = ['alice:core-sw1', ...refused]
      const base = args('alice', login)
      const { code } = await runProgram('ssh', [...rest.slice(0, -1), ...base, ...rest.slice(-1)], {
        timeoutMs: 30_000,
      })
      assert.is.not(code, 0, refused.join(' '))
    }
    const listen = await runProgram('ssh', [
      '-N',
      '-R',
      '0:127.0.0.1:22',
      '-o',
      'ExitOnForwardFailure=yes',
      ...args('alice', 'alice:core-sw1'),
    ])
    assert.is(listen.code, 255)
    assert.match(bridge.output(), /"technician":"alice","from":"[^"]+","via":"relay","login":"alice:core-sw1"/)
    assert.not(bridge.ended())
    await statusWhere(files, 'nobody left', ({ consoles }) => consoles.every(({ sessions }) => sessions.length === 0))
  },
  LIMIT,
)

test(
  'the session has the technician’s name and role, and is marked everywhere as via the relay',
  async context => {
    const { target, files, args, directory, keys } = await withHopKeys(context)
    const bob = openTerminal(context, 'ssh', ['-tt', ...hopArgs(files, keys.bob.path, 'core-sw1')])
    await bob.says(/you are bob, operator: you type\]/)
    const alice = openTerminal(context, 'ssh', ['-tt', '-e', 'none', ...args('alice', 'alice:core-sw1')])
    await alice.says(/\[oobm: you are alice \(via relay\), operator: bob types, you watch; Ctrl-\] w to take over\]/)
    await alice.says(/\[oobm: to send BREAK, press Ctrl-\] b: the relay does not pass on your client's own\]/)
    await bob.says(/\[oobm: alice \(via relay\) joined\]/)
    assert.not.match(bob.output(), /to send BREAK/)
    alice.types('\x1dw')
    await bob.says(/alice \(via relay\) took over typing from bob\]/)
    alice.types('show clock\r')
    await target.hears(/show clock\r/)
    const olga = openTerminal(context, 'ssh', ['-tt', ...args('olga', 'olga:core-sw1')])
    await olga.says(/you are olga \(via relay\), observer: you watch, alice \(via relay\) types\]/)
    await olga.says(/also here: bob\]/)
    assert.not.match(olga.output(), /to send BREAK/)
    const { consoles } = await statusWhere(files, 'three', ({ consoles }) => consoles[0]?.sessions.length === 3)
    assert.equal(
      consoles[0]?.sessions.map(({ technician, writer, via }) => [technician, writer, via]),
      [
        ['bob', false, undefined],
        ['alice', true, 'relay'],
        ['olga', false, 'relay'],
      ],
    )
    const status = await runProgram('ssh', hopArgs(files, join(directory, 'bob'), 'core-sw1', 'status'))
    assert.match(status.stdout, /^ {2}alice \(via relay\) types, from /m)
  },
  LIMIT,
)

test.run()
