import { chmod, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { EXIT } from '../../runtime/errors.ts'
import { device, minimal } from '../../supervisor/testing/device.ts'
import { freePort } from '../../testbed/free-port.ts'
import { makeKey } from '../../testbed/make-key.ts'
import { startSshd } from '../../testbed/sshd.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { assertPrinted } from '../testing/printed.ts'

const test = suite('oobm doctor')
const SLOW = { timeoutMs: 120_000 }

test(
  'finds nothing wrong where nothing is, but for what is not there',
  async context => {
    const field = await doctorField(context)
    const { code, findings } = await field.doctor()
    const wrong = findings.filter(({ result }) => result === 'wrong').map(({ what }) => what)
    assert.equal(wrong, ['consoles'], JSON.stringify(findings, null, 1))
    assert.is(code, EXIT.failed)
    const fine = findings.filter(({ result }) => result === 'ok').map(({ what }) => what)
    for (const what of [
      'configuration',
      'relay 127.0.0.1 host key',
      'own sshd host key',
      'console bridge host key',
      'LED',
    ]) {
      assert.ok(fine.includes(what), `${what} of ${fine.join(', ')}`)
    }
  },
  SLOW,
)

test(
  'names each thing that is wrong',
  async context => {
    const field = await doctorField(context)
    const portalPort = await speaker(context, 'HTTP/1.1 302 Found\r\n')
    const paintingPort = await speaker(context, 'SSH-2.0-x\u001b[2Jm\r\n')
    const other = await makeKey(field.directory, 'other')
    const relay = { user: 'oobm', hostKeys: [other.publicKey] }
    await field.configure({
      ...field.config,
      relays: [
        { ...relay, host: '127.0.0.1', port: field.sshd.port },
        { ...relay, host: '127.0.0.1', port: await freePort() },
        { ...relay, host: '127.0.0.1', port: portalPort },
        { ...relay, host: '127.0.0.1', port: paintingPort },
        { ...relay, host: 'no-such-host.invalid' },
      ],
      consoles: [{ name: 'core-sw1', path: '/dev/ttyUSB77' }],
      selftest: { user: 'no-such-account' },
      led: { backend: 'kernel', led: 'no-such-led' },
    })
    await chmod(join(field.credentials, 'relay_key'), 0o644)
    const { code, findings } = await field.doctor()
    assert.is(code, EXIT.failed)
    const found = findings.filter(({ result }) => result === 'wrong').map(({ what, detail }) => `${what}: ${detail}`)
    for (const expected of [
      /^secret relay_key: .* can be read by other users/,
      /^self-test account: there is no account no-such-account/,
      /^console core-sw1: there is no \/dev\/ttyUSB77/,
      /^LED: kernel LED no-such-led cannot be used/,
      /^relay 127\.0\.0\.1 host key: is not the expected one \(ssh-ed25519\)/,
      /^relay 127\.0\.0\.1 port: .* does not open: ECONNREFUSED/,
      /^relay 127\.0\.0\.1 SSH: .* is not an SSH server: it opens and says "HTTP\/1\.1 302 Found"/,
      /^relay no-such-host\.invalid name: does not resolve/,
    ]) {
      assert.ok(
        found.some(line => expected.test(line)),
        `${expected} in\n${found.join('\n')}`,
      )
    }
    assert.ok(findings.every(({ result, remedy }) => result !== 'wrong' || remedy !== ''))
    assert.ok(findings.some(({ detail }) => detail === 'SSH-2.0-x?[2Jm'))
    assert.not.match(JSON.stringify(findings), /\\u001b/, 'what a relay says moves no cursor')
  },
  SLOW,
)

test(
  'a configuration with mistakes is shown line by line, and the rest is still looked at',
  async context => {
    const { doctor, env } = await doctorField(context)
    await writeFile(env.OOBM_CONFIG ?? '', 'version = 1\ndevice = "A B"\ncolour = "red"\n')
    const { findings } = await doctor()
    const details = findings.filter(({ what }) => what === 'configuration').map(({ detail }) => detail)
    assert.ok(details.some(detail => /device\.toml:2: device: must be/.test(detail)))
    assert.ok(details.some(detail => /device\.toml:3: colour: is not a setting/.test(detail)))
    assert.ok(findings.some(({ what, result }) => what === 'listener' && result === 'ok'))
  },
  SLOW,
)

/** A port that says something to whoever comes, and closes. */
async function speaker(context: TestContext, text: string): Promise<number> {
  const server = createServer(
    socket =>
      void socket
        .on('error', () => {})
        .resume()
        .end(text),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.cleanup(() => new Promise(resolve => server.close(resolve)))
  return (server.address() as { port: number }).port
}

/** A device whose relay, own sshd and bridge are all one real sshd. */
async function doctorField(context: TestContext) {
  const all = await device(context)
  const sshd = await startSshd({ directory: join(all.directory, 'sshd'), authorizedKeys: ['none'] })
  context.cleanup(() => sshd.stop())
  context.onFailure(sshd.log)
  await writeFile(join(all.credentials, 'relay_key'), 'a key', { mode: 0o600 })
  const config = minimal(sshd.hostKey.publicKey, {
    relays: [{ host: '127.0.0.1', port: sshd.port, user: 'oobm', hostKeys: [sshd.hostKey.publicKey] }],
    shell: { port: sshd.port, hostKeyFile: `${sshd.hostKey.path}.pub` },
    bridge: { port: sshd.port, hostKey: sshd.hostKey.publicKey },
    consoles: [{ name: 'core-sw1', path: 'sim:router' }],
    selftest: { user: sshd.user },
    led: { backend: 'file', path: join(all.directory, 'led') },
  })
  await all.configure(config)
  const doctor = async () => {
    // Its heartbeat is to be young.
    await all.writeStatus()
    const { code, stdout } = await all.oobm('doctor', '--json')
    await assertPrinted('doctor', stdout)
    return {
      code,
      findings: (JSON.parse(stdout) as { findings: Record<'what' | 'result' | 'detail' | 'remedy', string>[] })
        .findings,
    }
  }
  return { ...all, sshd, config, doctor }
}

test.run()
