import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { bridgeFiles, startBridge, statusWhere } from '../console-bridge/testing/bridge-fixture.ts'
import type { KeyPair } from '../testbed/make-key.ts'
import { ptyTarget } from '../testbed/pty-target.ts'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { startSshd } from '../testbed/sshd.ts'
import { suite } from '../testbed/suite.ts'

const test = suite('PuTTY by way 1')

function fingerprint({ publicKey }: KeyPair): string {
  const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64')
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

test('two sessions as docs/ways-in.md has them lead to a console, and to no other host key', async context => {
  const directory = await scratchDirectory(context)
  const target = await ptyTarget(context, directory)
  const files = await bridgeFiles(context, [{ name: 'core-sw1', path: target.path }])
  await startBridge(context, files)
  await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
  const relay = await startSshd({
    directory: join(directory, 'relay'),
    authorizedKeys: [`${files.keys.alice.path}.pub`],
    config: [`PermitOpen 127.0.0.1:${files.port}`],
  })
  context.cleanup(() => relay.stop())
  context.onFailure(relay.log)

  const home = join(directory, 'home')
  const key = join(directory, 'alice.ppk')
  await mkdir(join(home, '.putty/sessions'), { recursive: true })
  assert.is((await runProgram('puttygen', [files.keys.alice.path, '-O', 'private', '-o', key])).code, 0)
  const session = (name: string, settings: Record<string, string | number>) =>
    writeFile(
      join(home, '.putty/sessions', name),
      Object.entries({ Protocol: 'ssh', HostName: '127.0.0.1', PublicKeyFile: key, ...settings })
        .map(([setting, value]) => `${setting}=${value}\n`)
        .join(''),
    )
  const plink = (...args: string[]) =>
    runProgram('plink', ['-batch', '-load', 'core-sw1', ...args], { env: { HOME: home }, timeoutMs: 60_000 })
  const throughRelay = { ProxyMethod: 6, ProxyHost: 'oobm-relay', ProxyLocalhost: 1, LogHost: 'core-sw1' }
  const console = { PortNumber: files.port, UserName: 'core-sw1', SSHManualHostKeys: fingerprint(files.hostKey) }
  const relaySession = { PortNumber: relay.port, UserName: relay.user, LogHost: 'oobm-relay-fra' }
  await session('oobm-relay', { ...relaySession, SSHManualHostKeys: fingerprint(relay.hostKey) })
  await session('core-sw1', { ...console, ...throughRelay })
  const { code, stdout, stderr } = await plink('status')
  assert.is(code, 0, stderr)
  assert.match(stdout, 'core-sw1')
  assert.match(relay.log(), /Accepted publickey/, 'it went through the relay')
  assert.is((await plink('break', '300')).code, 0)

  await session('core-sw1', { ...console, ...throughRelay, SSHManualHostKeys: fingerprint(relay.hostKey) })
  const imposter = await plink('status')
  assert.is(imposter.code, 1)
  assert.match(imposter.stderr, /host key/i)
})

test.run()
