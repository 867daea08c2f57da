import * as assert from 'uvu/assert'
import { makeKey } from '../../testbed/make-key.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'
import { readablePrivateKey } from './private-key.ts'

const test = suite('private-key of the supervisor')

test('says what is wrong with a key, and nothing about one that can be used', async context => {
  const directory = await scratchDirectory(context)
  const open = await makeKey(directory, 'open')
  const sealed = await makeKey(directory, 'sealed', 'open sesame')
  assert.is(readablePrivateKey(open.privateKey), undefined)
  assert.is(readablePrivateKey(sealed.privateKey, 'open sesame'), undefined)
  const wrong: [text: string, passphrase?: string][] = [
    [sealed.privateKey],
    [sealed.privateKey, 'wrong'],
    [''],
    ['\x1b[2Jnoise'],
    [open.publicKey],
    [open.privateKey.slice(0, 200)],
    [open.privateKey.replace(/\n(....)/, '\nAAAA')],
  ]
  for (const [text, passphrase] of wrong) {
    const found = readablePrivateKey(text, passphrase)
    assert.ok(found && /^[\x20-\x7e…]+$/.test(found), `${text.slice(0, 30)}: ${found}`)
  }
})

test.run()
