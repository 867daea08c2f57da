import * as assert from 'uvu/assert'
import { suite } from '../../../../testbed/suite.ts'
import { createKeys, TOKEN_MS } from './keys.ts'

const test = suite('desk keys')

function keysAt() {
  let now = 0
  const keys = createKeys({ nowMs: () => now })
  return { keys, pass: (ms: number) => (now += ms) }
}

test('a token is good once, and gives the secret of the session', () => {
  const { keys } = keysAt()
  const token = keys.makeToken()
  const secret = keys.enter(token)
  assert.match(secret ?? '', /^[0-9a-f]{64}$/)
  assert.is(keys.enter(token), undefined)
  assert.is(keys.enter(keys.makeToken()), secret, 'a second tab of the same person has the same session')
  assert.ok(keys.isSecret(secret ?? ''))
})

test('a token ends after a minute, and others do not end with it', () => {
  const { keys, pass } = keysAt()
  const old = keys.makeToken()
  pass(TOKEN_MS - 1)
  const young = keys.makeToken()
  pass(1)
  assert.is(keys.enter(old), undefined)
  assert.ok(keys.enter(young))
})

test('what is no token opens nothing, whatever its length', () => {
  const { keys } = keysAt()
  const token = keys.makeToken()
  const secret = keys.enter(keys.makeToken()) ?? ''
  for (const guess of [
    '',
    'x',
    token.slice(1),
    `${token}0`,
    token.toUpperCase().replace(/\d/g, 'A'),
    secret,
    'é'.repeat(32),
  ]) {
    assert.is(keys.enter(guess), undefined, guess)
    if (guess !== secret) assert.not.ok(keys.isSecret(guess), guess)
  }
  assert.not.ok(keys.isSecret(token), 'a token is not the secret')
  assert.ok(keys.enter(token), 'wrong guesses lock nobody out')
})

test.run()
