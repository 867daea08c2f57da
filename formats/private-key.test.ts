import * as assert from 'uvu/assert'
import { randomCases, suite } from '../testbed/suite.ts'
import { publicKeySchema } from './names.ts'
import { newKeyPair, publicKeyOf } from './private-key.ts'

const test = suite('private-key')

test('every new pair is whole, those whose public key begins with a zero byte among them', () => {
  // One pair in 256 tells: 1500 of them let a mistake pass once in 350 runs.
  for (let i = 0; i < randomCases(1500, 150); i++) {
    const { privateKey, publicKey } = newKeyPair('test')
    assert.is(publicKeyOf(privateKey), publicKeySchema.parse(publicKey))
  }
})

test('a text that is not a private key has no public half', () => {
  for (const text of ['', 'x', newKeyPair('test').publicKey]) assert.is(publicKeyOf(text), undefined)
})

test.run()
