import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { ConfigurationError } from '../runtime/errors.ts'
import { silentLog } from '../runtime/log.ts'
import { makeKey } from '../testbed/make-key.ts'
import { runProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { runBridge } from './run-bridge.ts'
import {
  type BridgeFiles,
  bridgeFiles,
  runCommand,
  sshArgs,
  startBridge,
  statusWhere,
} from './testing/bridge-fixture.ts'

const test = suite('server')
const LIMIT = { timeoutMs: 120_000 }
const NOT_THERE = { name: 'core-sw1', path: '/dev/not-plugged-in' }

test(
  'a known key logs in with any console’s name, and is told its consoles',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE, { name: 'core-sw2', path: '/dev/not-there-either' }])
    await startBridge(context, files)
    const cases: [who: keyof BridgeFiles['keys'], login: string, command: string[], code: number, says: RegExp][] = [
      [
        'alice',
        'core-sw3',
        [],
        64,
        /you have no console "core-sw3"; log in with one of these names: core-sw1, core-sw2/,
      ],
      ['alice', 'console', [], 64, /several consoles; log in with one of these names: core-sw1, core-sw2/],
      ['olga', 'core-sw2', ['watch'], 64, /you have no console "core-sw2"; .*: core-sw1$/m],
      ['alice', 'core-sw3', ['break'], 64, /you have no console/],
      ['alice', 'core-sw1', ['rm -rf /'], 64, /unknown command "rm"\nssh CONSOLE/],
      ['alice', 'nowhere', ['list'], 0, /^core-sw1 {2}9600 8N1 {2}closed: .*does not exist.*\ncore-sw2 /],
      ['olga', 'console', ['list'], 0, /^core-sw1 .*\n$/],
      ['alice', 'core-sw1', ['status'], 0, /^core-sw1 on \/dev\/not-plugged-in, 9600 8N1\n {2}closed since /],
      ['olga', 'console', ['help'], 0, /ssh CONSOLE break/],
    ]
    await statusWhere(files, 'tried', ({ consoles }) => consoles.every(({ cause }) => cause.includes('does not exist')))
    for (const [who, login, command, code, says] of cases) {
      const answer = await runCommand(files, who, login, ...command)
      assert.is(answer.code, code, `${login} ${command}: ${answer.stderr}`)
      assert.match(answer.stdout + answer.stderr, says)
    }
    const { stdout } = await runCommand(files, 'olga', 'console', 'status', '--json')
    assert.equal(
      JSON.parse(stdout).consoles.map(({ name }: { name: string }) => name),
      ['core-sw1'],
    )
  },
  LIMIT,
)

test(
  'refuses an unknown key, somebody else’s name, passwords, and everything but consoles',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    const bridge = await startBridge(context, files)
    for (const [who, login] of [
      ['mallory', 'core-sw1'],
      ['alice', 'bob:core-sw1'],
    ] as const) {
      const { code, stderr } = await runCommand(files, who, login, 'list')
      assert.is(code, 255)
      assert.match(stderr, 'Permission denied (publickey)')
    }
    const args = sshArgs(files, 'alice', 'core-sw1')
    const sftp = await runProgram('ssh', ['-s', ...args, 'sftp'])
    assert.is.not(sftp.code, 0)
    assert.match(sftp.stderr, /subsystem request failed/)
    const forward = await runProgram('ssh', ['-o', 'LogLevel=INFO', '-W', '127.0.0.1:22', ...args])
    assert.is.not(forward.code, 0)
    assert.match(forward.stderr, /administratively prohibited/)
    const listen = await runProgram('ssh', ['-N', '-R', '0:127.0.0.1:22', '-o', 'ExitOnForwardFailure=yes', ...args])
    assert.is(listen.code, 255)
    const more = ['-A', '-o', 'SendEnv=LANG', '-o', 'SetEnv=FOO=bar', '-o', 'LogLevel=VERBOSE']
    assert.is(
      (await runProgram('ssh', [...more, ...args, 'list'])).code,
      0,
      'what is only asked for on the side is ignored',
    )
    assert.not(bridge.ended())
  },
  LIMIT,
)

test(
  'accepts the key types that the configuration accepts',
  async context => {
    const types = [
      ['rsa', '3072'],
      ['ecdsa', '256'],
      ['ecdsa', '521'],
    ] as const
    const files = await bridgeFiles(context, [NOT_THERE])
    const publicKeys: string[] = []
    for (const [index, [type, bits]] of types.entries()) {
      const path = join(files.directory, `key${index}`)
      await runProgram('ssh-keygen', ['-q', '-t', type, '-b', bits, '-N', '', '-f', path])
      publicKeys.push((await readFile(`${path}.pub`, 'utf8')).trim())
    }
    const config = await readFile(files.env.OOBM_CONFIG as string, 'utf8')
    const carol = `\n[[technicians]]\nname = "carol"\nkeys = ${JSON.stringify(publicKeys)}\n`
    await writeFile(files.env.OOBM_CONFIG as string, config + carol)
    await startBridge(context, files)
    for (const [index, [type]] of types.entries()) {
      const args = sshArgs(files, 'alice', 'carol:core-sw1', 'list')
      args[args.indexOf('-i') + 1] = join(files.directory, `key${index}`)
      const { code, stderr } = await runProgram('ssh', args)
      assert.is(code, 0, `${type}: ${stderr}`)
    }
  },
  LIMIT,
)

test(
  'does not start with a configuration that cannot work, and says what to do',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    const start = () => runBridge({ env: files.env, signal: context.signal, schemes: {}, log: silentLog })
    const failure = async (): Promise<Error> => {
      try {
        await start()
      } catch (err) {
        return err as Error
      }
      throw new Error('it started')
    }
    const other = await makeKey(files.directory, 'other')
    await writeFile(join(files.directory, 'bridge_host_key'), other.privateKey)
    const wrongKey = await failure()
    assert.instance(wrongKey, ConfigurationError)
    assert.match(wrongKey.message, /device\.toml: bridge\.host_key: is not the public half of .*oobm import/)
    await writeFile(join(files.directory, 'bridge_host_key'), 'nonsense')
    assert.match((await failure()).message, /bridge_host_key: is not a private key/)
    await writeFile(join(files.directory, 'bridge_host_key'), files.hostKey.privateKey)

    const config = await readFile(files.env.OOBM_CONFIG as string, 'utf8')
    await writeFile(files.env.OOBM_CONFIG as string, config.replace('/dev/not-plugged-in', 'sim:router'))
    assert.match((await failure()).message, /console core-sw1: .*unknown kind of line "sim:"/)
    await writeFile(files.env.OOBM_CONFIG as string, 'version = 2\n')
    assert.match((await failure()).message, /device\.toml/)
  },
  LIMIT,
)

test.run()
