import { readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { makeKey } from '../testbed/make-key.ts'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { startField } from './testing/field.ts'

const test = suite('login at the relay')
const LIMIT = { timeoutMs: 90_000 }

test(
  'sends nothing to a relay that shows another host key, and says which it showed',
  async context => {
    const field = await startField(context)
    const stranger = await makeKey(field.directory, 'stranger')
    const relays = [{ ...field.config().relays[0], hostKeys: [stranger.publicKey] }]
    const { becomes } = await field.supervisor('a', { config: { relays: relays as never } })
    await becomes('refused', /shows host key SHA256:\S+, which is not the pinned one/)
    assert.not.match(field.relay.log(), /Accepted|Failed|publickey/, 'no login was tried')
  },
  LIMIT,
)

test(
  'says that the relay does not accept its key',
  async context => {
    const field = await startField(context)
    const unknown = await makeKey(field.directory, 'unknown')
    const { becomes } = await field.supervisor('a', { secrets: { relay_key: unknown.privateKey } })
    await becomes('refused', /does not accept the login \S+ with this device's key/)
  },
  LIMIT,
)

test(
  'logs in with a key that has a passphrase',
  async context => {
    const field = await startField(context)
    const key = await makeKey(field.directory, 'locked', 'a long phrase')
    await writeFile(field.authorizedKeys, field.keyLine('dev1', field.listenerPort, key.publicKey))
    const secrets = { relay_key: key.privateKey, relay_key_passphrase: 'a long phrase\n' }
    await (await field.supervisor('a', { secrets })).becomes('ready')
  },
  LIMIT,
)

test(
  'says that the passphrase is wrong before it tries anything',
  async context => {
    const field = await startField(context)
    const key = await makeKey(field.directory, 'locked', 'a long phrase')
    const secrets = { relay_key: key.privateKey, relay_key_passphrase: 'another' }
    const { becomes } = await field.supervisor('a', { secrets })
    await becomes('unconfigured', /secrets\/relay_key: cannot be read with the passphrase/)
  },
  LIMIT,
)

test(
  'says which key of the configuration is wrong, and goes on with the last one that was proved',
  async context => {
    const field = await startField(context)
    const device = await field.supervisor('a')
    await device.becomes('ready')
    await device.program.stop()
    const good = await readFile(device.configFile, 'utf8')
    await writeFile(device.configFile, good.replace('listener_port', 'listner_port'))
    const again = await device.restart()
    await again.becomes('unconfigured', /listner_port: is not a setting here.*running with the last configuration/s)
    await again.proved()
  },
  LIMIT,
)

if (process.getuid?.() === 0) {
  test(
    'logs in with a password',
    async context => {
      const directory = await scratchDirectory(context)
      const shadow = join(directory, 'shadow')
      const { stdout: hash } = await runProgram('openssl', ['passwd', '-6', 'correct horse'])
      const user = userInfo().username
      const lines = (await readFile('/etc/shadow', 'utf8')).split('\n')
      const changed = lines.map(line =>
        line.startsWith(`${user}:`) ? `${user}:${hash.trim()}:19000:0:99999:7:::` : line,
      )
      await writeFile(shadow, changed.join('\n'), { mode: 0o600 })
      // A password of its own in a mount namespace of its own: this machine's accounts stay as they are.
      const inNamespace = `mount --bind ${shadow} /etc/shadow && exec "$0" "$@"`
      const field = await startField(context, {
        relay: {
          under: ['unshare', '--mount', 'sh', '-c', inNamespace],
          config: ['PasswordAuthentication yes', 'PermitRootLogin yes', 'PubkeyAuthentication no'],
        },
      })
      const device = await field.supervisor('a', {
        config: { authentication: 'password' },
        secrets: { relay_password: 'correct horse\n' },
      })
      await device.becomes('ready')
      assert.match(device.program.output(), /the relay does not know the device commands/)
    },
    LIMIT,
  )
} else {
  test.skip('logs in with a password', 'an account with a password needs root and a mount namespace')
}

test.run()
