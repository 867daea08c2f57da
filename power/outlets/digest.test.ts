import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { digestAnswer } from './digest.ts'

const test = suite('digest')

/** RFC 7616, section 3.9.1. */
const RFC = {
  challenge:
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="x"',
  login: {
    user: 'Mufasa',
    password: 'Circle of Life',
    path: '/dir/index.html',
    cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
  },
}

test('answers the challenge of the RFC as the RFC does', () => {
  const answer = digestAnswer(RFC.challenge, RFC.login) ?? ''
  assert.match(answer, /^Digest username="Mufasa", realm="http-auth@example\.org"/)
  assert.match(answer, 'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"')
  assert.match(answer, /qop=auth, nc=00000001, algorithm=SHA-256$/)
})

test('gives no answer where the password would be worth less, or to another kind of challenge', () => {
  for (const challenge of [
    '',
    'Basic realm="x"',
    'Digest realm="x", nonce="y", algorithm=MD5, qop="auth"',
    'Digest realm="x", nonce="y", qop="auth"',
    'Digest realm="x", algorithm=SHA-256, qop="auth"',
    'Digest realm="x", nonce="y", algorithm=SHA-256, qop="auth-int"',
  ])
    assert.is(digestAnswer(challenge, RFC.login), undefined, challenge)
})

test.run()
