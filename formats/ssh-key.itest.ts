import * as assert from 'uvu/assert'
import { makeKey } from '../testbed/make-key.ts'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { fingerprint, publicKeyBlob, publicKeyLine, readPrivateKeyFacts, readString, readStrings } from './ssh-key.ts'

const test = suite('ssh-key')

test('reads a key as ssh-keygen made it, and nothing of one that is cut short', async context => {
  const directory = await scratchDirectory(context)
  const { path, privateKey, publicKey } = await makeKey(directory, 'key')
  const blob = publicKeyBlob(`${publicKey} alice@laptop`)
  assert.equal(
    readStrings(blob)?.map(({ length }) => length),
    ['ssh-ed25519'.length, 32],
  )
  const type = readString(blob, 0)
  assert.is(type?.value.toString(), 'ssh-ed25519')
  for (let length = 1; length < blob.length; length++) {
    if (length !== type?.end) assert.is(readStrings(blob.subarray(0, length)), undefined, String(length))
  }
  assert.is(publicKeyLine(blob), publicKey)
  const { stdout } = await runProgram('ssh-keygen', ['-lf', `${path}.pub`])
  for (const key of [publicKey, blob]) assert.is(fingerprint(key), stdout.split(' ')[1])

  assert.equal(readPrivateKeyFacts(privateKey), { publicKey, encrypted: false })
  const whole = Buffer.from(privateKey.replace(/-----[A-Z ]+-----/g, ''), 'base64')
  for (let length = 0; length < whole.length; length++) {
    assert.is(readPrivateKeyFacts(whole.toString('base64', 0, length)), undefined, String(length))
  }
  assert.is(readPrivateKeyFacts((await makeKey(directory, 'sealed', 'secret')).privateKey)?.encrypted, true)
})

test.run()
