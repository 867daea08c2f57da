import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { newKeyPair } from '../../formats/private-key.ts'
import { ConfigurationError } from '../../runtime/errors.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { loadCredentials } from './load-credentials.ts'

const test = suite('load-credentials')

function directoryWith({ cleanup }: TestContext, files: Record<string, string>): string {
  const directory = mkdtempSync(join(tmpdir(), 'oobm-credentials-'))
  cleanup(() => rmSync(directory, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

async function faultOf(loading: Promise<unknown>): Promise<ConfigurationError> {
  const thrown = await loading.then(
    () => undefined,
    err => err,
  )
  assert.instance(thrown, ConfigurationError)
  return thrown
}

test('the key as its file holds it', async context => {
  const { privateKey } = newKeyPair('device')
  const directory = directoryWith(context, { relay_key: privateKey })
  assert.equal(await loadCredentials('key', directory), { privateKey })
})

test('the key with the first line of its passphrase’s file', async context => {
  // The old PEM format, since OpenSSH's own takes its time with a passphrase.
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'sec1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'long words' },
  })
  const directory = directoryWith(context, { relay_key: privateKey, relay_key_passphrase: 'long words\r\nmore\n' })
  assert.equal(await loadCredentials('key', directory), { privateKey, passphrase: 'long words' })

  const wrong = directoryWith(context, { relay_key: privateKey, relay_key_passphrase: 'other words\n' })
  const fault = await faultOf(loadCredentials('key', wrong))
  assert.match(fault.message, /relay_key: cannot be read with the passphrase beside it \(.+\): issue the device anew/)

  const without = await faultOf(loadCredentials('key', directoryWith(context, { relay_key: privateKey })))
  assert.match(without.message, /relay_key: cannot be read as a private key without a passphrase \(.+\): issue/)
})

test('the first line of the password’s file, and no key beside it', async context => {
  const directory = directoryWith(context, { relay_password: 'secret \n', relay_key: 'no key' })
  assert.equal(await loadCredentials('password', directory), { password: 'secret ' })
})

test('what is missing is named, and where it comes from', async context => {
  const directory = directoryWith(context, {})
  for (const [how, file] of [
    ['key', 'relay_key'],
    ['password', 'relay_password'],
  ] as const) {
    const fault = await faultOf(loadCredentials(how, directory))
    assert.is(fault.message, `${directory}/${file}: is missing: import the oobm.toml of this device again`)
    assert.is(fault.exitCode, 78)
  }
})

test('what is no private key is not used', async context => {
  const fault = await faultOf(loadCredentials('key', directoryWith(context, { relay_key: 'ssh-ed25519 AAAA\n' })))
  assert.match(fault.message, 'cannot be read as a private key')
})

test('a file that cannot be read for another reason is no missing one', async context => {
  const directory = directoryWith(context, { relay_key: 'x' })
  const thrown = await loadCredentials('password', join(directory, 'relay_key')).catch(err => err)
  assert.is(thrown.code, 'ENOTDIR')
})

test.run()
