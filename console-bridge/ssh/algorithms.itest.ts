import { connect as dial } from 'node:net'
import * as assert from 'uvu/assert'
import { runProgram } from '../../testbed/run-program.ts'
import { suite } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { bridgeFiles, sshArgs, startBridge } from '../testing/bridge-fixture.ts'
import { keyExchange } from '../testing/key-exchange.ts'

const test = suite('algorithms')
const LIMIT = { timeoutMs: 120_000 }
const KEX = 'curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,kex-strict-s-v00@openssh.com'
const CIPHERS =
  'aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,chacha20-poly1305@openssh.com'
const MACS = 'hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com'

test(
  'offers no compression and only good algorithms, as OpenSSH’s client sees it',
  async context => {
    const files = await bridgeFiles(context, [{ name: 'core-sw1', path: '/dev/not-plugged-in' }])
    await startBridge(context, files)
    const ssh = (...options: string[]) =>
      runProgram('ssh', [
        ...[...options, 'LogLevel=INFO'].flatMap(option => ['-o', option]),
        ...sshArgs(files, 'alice', 'core-sw1', 'list'),
      ])

    const zipped = await ssh('Compression=yes', 'LogLevel=DEBUG1')
    assert.is(zipped.code, 0)
    assert.match(zipped.stderr, /kex: server->client cipher: \S+ MAC: \S+ compression: none/)
    assert.not.match(zipped.stderr, /compression: zlib|Enabling compression/)

    for (const options of [
      ['KexAlgorithms=curve25519-sha256'],
      ['KexAlgorithms=curve25519-sha256@libssh.org'],
      ['KexAlgorithms=ecdh-sha2-nistp256'],
      ...CIPHERS.split(',').map(cipher => [`Ciphers=${cipher}`]),
      ...MACS.split(',').map(mac => ['Ciphers=aes128-ctr', `MACs=${mac}`]),
    ]) {
      const { code, stderr } = await ssh(...options)
      assert.is(code, 0, `${options}: ${stderr}`)
    }

    // The client prints all that the bridge offers, so one refusal of each kind shows the whole list.
    for (const [options, what, offer] of [
      [['KexAlgorithms=diffie-hellman-group14-sha256'], 'key exchange method', KEX],
      [['KexAlgorithms=diffie-hellman-group18-sha512'], 'key exchange method', KEX],
      [['KexAlgorithms=diffie-hellman-group-exchange-sha256'], 'key exchange method', KEX],
      [['KexAlgorithms=ecdh-sha2-nistp521'], 'key exchange method', KEX],
      [['Ciphers=aes128-cbc'], 'cipher', CIPHERS],
      [['Ciphers=aes128-ctr', 'MACs=hmac-sha1'], 'MAC', MACS],
      [['Ciphers=aes128-ctr', 'MACs=hmac-sha2-256'], 'MAC', MACS],
      [['Ciphers=aes128-ctr', 'MACs=hmac-sha1-etm@openssh.com'], 'MAC', MACS],
    ] as const) {
      const { code, stderr } = await ssh(...options)
      assert.is(code, 255, `${options}`)
      const found = /no matching (.*) found\. Their offer: (\S+)/.exec(stderr)
      assert.equal(found?.slice(1), [what, offer], `${options}: ${stderr}`)
    }
  },
  LIMIT,
)

test(
  'refuses a client that insists on compression at once, without a key exchange',
  async context => {
    const files = await bridgeFiles(context, [{ name: 'core-sw1', path: '/dev/not-plugged-in' }])
    const bridge = await startBridge(context, files)
    for (const compression of ['zlib', 'zlib@openssh.com', 'none']) {
      const socket = dial(files.port, '127.0.0.1').on('error', () => {})
      context.cleanup(() => void socket.destroy())
      let answer = Buffer.alloc(0)
      let isOver = false
      socket.on('data', bytes => {
        answer = Buffer.concat([answer, bytes])
      })
      socket.once('close', () => {
        isOver = true
      })
      socket.write(keyExchange(compression))
      const hasHostKey = () => answer.includes('\0\0\0\x0bssh-ed25519\0\0\0\x20')
      await waitFor(`an answer to ${compression}`, () => isOver || hasHostKey())
      assert.is(hasHostKey(), compression === 'none', `${compression}: ${answer.length} bytes`)
      assert.is(isOver, compression !== 'none')
    }
    assert.not(bridge.ended())
    const { code, stderr } = await runProgram('ssh', sshArgs(files, 'alice', 'core-sw1', 'list'))
    assert.is(code, 0, stderr)
  },
  LIMIT,
)

test.run()
