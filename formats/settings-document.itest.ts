/** A settings document with the real programs: ssh-keygen signs and verifies it, age encrypts to the device's host key. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { makeKey } from '../testbed/make-key.ts'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { isSealed } from './sealed-settings.ts'
import { SETTINGS_NAMESPACE, SETTINGS_PRINCIPAL, splitDocument } from './settings-document.ts'

const test = suite('settings document')

test('what ssh-keygen signs is split so that it verifies, and fails with one byte less', async context => {
  const directory = await scratchDirectory(context)
  const key = await makeKey(directory, 'signer')
  const text = 'version = 1\nserial = 7\n'
  const sign = ['-Y', 'sign', '-q', '-f', key.path, '-n', SETTINGS_NAMESPACE]
  const { stdout: signature } = await runProgram('ssh-keygen', sign, { input: text })
  const { signed, signature: own } = splitDocument('x', Buffer.from(text + signature))
  await writeFile(join(directory, 'signature'), own)
  await writeFile(
    join(directory, 'allowed'),
    `${SETTINGS_PRINCIPAL} namespaces="${SETTINGS_NAMESPACE}" ${key.publicKey}\n`,
  )
  const verify = ['-Y', 'verify', '-f', join(directory, 'allowed'), '-I', SETTINGS_PRINCIPAL, '-n', SETTINGS_NAMESPACE]
  const answer = (input: string) => runProgram('ssh-keygen', [...verify, '-s', join(directory, 'signature')], { input })
  const good = await answer(signed.toString())
  assert.is(good.code, 0, good.stderr)
  assert.is.not((await answer(signed.toString().slice(0, -1))).code, 0)
})

test('age encrypts to an Ed25519 host key, and the device decrypts with its private half', async context => {
  const directory = await scratchDirectory(context)
  const [device, other] = [await makeKey(directory, 'device'), await makeKey(directory, 'other')]
  for (const secret of ['x', 'correct horse battery', 'ü'.repeat(100)]) {
    const { stdout: sealed, stderr } = await runProgram('age', ['-a', '-r', device.publicKey], { input: secret })
    assert.ok(isSealed(sealed), stderr)
    assert.is((await runProgram('age', ['-d', '-i', device.path], { input: sealed })).stdout, secret)
    assert.is.not((await runProgram('age', ['-d', '-i', other.path], { input: sealed })).code, 0)
    assert.not.ok(isSealed(`${sealed}${secret}`))
  }
})

test.run()
