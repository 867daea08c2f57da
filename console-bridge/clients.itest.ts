/** Keys of all common kinds with all common clients: a login, a command with its answer, and a refusal with a reason. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { ptyTarget } from '../testbed/pty-target.ts'
import type { Finished } from '../testbed/run-program.ts'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { type BridgeFiles, bridgeFiles, startBridge, statusWhere } from './testing/bridge-fixture.ts'

const test = suite('clients')
const LIMIT = { timeoutMs: 240_000 }
const KINDS = ['ed25519', 'rsa', 'ecdsa-256', 'ecdsa-384', 'ecdsa-521'] as const
const SLOW = { timeoutMs: 60_000 }

type Client = (files: BridgeFiles, key: string, input: string) => Promise<Finished>

const python =
  (library: string): Client =>
  ({ directory, port }, key, input) => {
    const script = join(import.meta.dirname, 'testing', 'client.py')
    const args = [script, library, String(port), key, join(directory, 'hosts'), 'core-sw1']
    return runProgram('/usr/bin/python3', args, { input, ...SLOW })
  }

const openssh: Client = ({ directory, port }, key, input) =>
  runProgram(
    'ssh',
    [
      ...['-F', 'none', '-i', key, '-p', String(port), '-o', `UserKnownHostsFile=${directory}/hosts`],
      ...['-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', 'core-sw1@127.0.0.1'],
    ],
    { input, ...SLOW },
  )

const CLIENTS: Record<string, Client> = {
  openssh,
  dropbear: async ({ directory, port, hostKey }, key, input) => {
    // dropbear knows hosts without their ports.
    await mkdir(join(directory, '.ssh'), { recursive: true })
    await writeFile(join(directory, '.ssh', 'known_hosts'), `127.0.0.1 ${hostKey.publicKey}\n`)
    await runProgram('dropbearconvert', ['openssh', 'dropbear', key, `${key}.dropbear`])
    const args = ['-T', '-i', `${key}.dropbear`, '-p', String(port), 'core-sw1@127.0.0.1']
    return runProgram('dbclient', args, { input, env: { HOME: directory }, ...SLOW })
  },
  plink: async ({ directory, port }, key, input) => {
    await runProgram('puttygen', [key, '-O', 'private', '-o', `${key}.ppk`])
    const { stdout } = await runProgram('ssh-keygen', ['-lf', join(directory, 'hosts')])
    const fingerprint = stdout.split(' ')[1] ?? ''
    const args = ['-batch', '-noagent', '-T', '-i', `${key}.ppk`, '-hostkey', fingerprint, '-P', String(port)]
    return runProgram('plink', [...args, 'core-sw1@127.0.0.1'], { input, env: { HOME: directory }, ...SLOW })
  },
  asyncssh: python('asyncssh'),
  paramiko: python('paramiko'),
}

/** A bridge where carol has a key of each kind, and a target. */
async function withKeys(context: TestContext) {
  const directory = await scratchDirectory(context)
  const target = await ptyTarget(context, directory)
  const keys = new Map<string, string>()
  const make = async (name: string, args: string[]) => {
    const path = join(directory, name)
    await runProgram('ssh-keygen', ['-q', '-N', '', '-f', path, '-t', ...args])
    keys.set(name, path)
    return (await readFile(`${path}.pub`, 'utf8')).trim()
  }
  const publicKeys = await Promise.all(
    KINDS.map(kind => {
      const [type = '', bits] = kind.split('-')
      return make(kind, bits === undefined ? [type] : [type, '-b', bits])
    }),
  )
  const files = await bridgeFiles(context, [{ name: 'core-sw1', path: target.path }], {
    technicians: [{ name: 'carol', keys: publicKeys }],
  })
  const bridge = await startBridge(context, files)
  await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
  return { target, files, bridge, make, keyOf: (name: string) => keys.get(name) as string }
}

for (const [name, client] of Object.entries(CLIENTS)) {
  test(
    `${name}: each kind of key gets in, a command is answered, and a stranger's key is refused`,
    async context => {
      const { target, files, keyOf, make } = await withKeys(context)
      for (const [index, kind] of KINDS.entries()) {
        const asking = client(files, keyOf(kind), 'show clock\r')
        await Promise.race([asking, target.hears(new RegExp(`^(?:show clock\\r){${index + 1}}$`))])
        target.says(`*12:00 ${kind}\r\nRouter#`)
        const { code, stdout, stderr } = await asking
        assert.equal([code, stdout], [0, `*12:00 ${kind}\r\nRouter#`], `${kind}: ${stderr}`)
      }
      await make('stranger', ['rsa', '-b', '2048'])
      const refused = await client(files, keyOf('stranger'), 'reload\r')
      assert.is.not(refused.code, 0)
      assert.is(refused.stdout, '')
      assert.not.match(target.heard(), 'reload')
    },
    LIMIT,
  )
}

test(
  'RSA with SHA-1 and a short RSA key are refused, and the person and the log are told why',
  async context => {
    const { files, bridge, keyOf, make } = await withKeys(context)
    const library = await python('paramiko-sha1')(files, keyOf('rsa'), '')
    assert.is.not(library.code, 0)
    await bridge.says(/your client signs with RSA and SHA-1, which is not accepted; update it/)
    await make('short', ['rsa', '-b', '1024'])
    const short = await python('paramiko')(files, keyOf('short'), '')
    assert.is.not(short.code, 0)
    await bridge.says(/your RSA key has 1024 bits, which is too short/)
  },
  LIMIT,
)

test(
  'certificates and security keys are refused with a reason',
  async context => {
    const { files, bridge, keyOf, make } = await withKeys(context)
    await make('ca', ['ed25519'])
    for (const kind of ['ed25519', 'rsa'] as const) {
      const name = `signed-${kind}`
      await make(name, [kind])
      const sign = ['-q', '-s', keyOf('ca'), '-I', 'carol', '-n', 'core-sw1', `${keyOf(name)}.pub`]
      assert.is((await runProgram('ssh-keygen', sign)).code, 0)
      const { code, stderr } = await openssh(files, keyOf(name), '')
      assert.is(code, 255)
      assert.match(stderr, /OpenSSH certificates are not accepted; log in with the plain key/)
    }
    await bridge.says(/"cause":"OpenSSH certificates are not accepted/)
  },
  LIMIT,
)

test.run()
