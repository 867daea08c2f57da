import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { authorizationFor, challengesIn } from './proxy-login.ts'

const test = suite('proxy-login')

const USER = { user: 'Mufasa', password: 'Circle of Life' }
const CONNECT = { uri: 'relay.example:443', isSecondTry: false }

/** RFC 7616, section 3.9.1. */
const [REALM, NONCE, OPAQUE] = [
  'http-auth@example.org',
  '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
  'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS',
]
const offer = (algorithm: string) =>
  `Digest realm="${REALM}", qop="auth, auth-int", algorithm=${algorithm}, nonce="${NONCE}", opaque="${OPAQUE}"`
const ASKED = {
  uri: '/dir/index.html',
  method: 'GET',
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
  isSecondTry: false,
}

function valueFor(header: string, request = ASKED): string {
  const login = authorizationFor(challengesIn(header), USER, request)
  if (!login.ok) throw new Error(login.cause)
  return login.value
}

function causeFor(header: string, login: { user?: string; password?: string } = USER, isSecondTry = false): string {
  const answer = authorizationFor(challengesIn(header), login, { ...CONNECT, isSecondTry })
  return answer.ok ? answer.value : answer.cause
}

test('answers Digest as the RFC does, by the better hash of those that are offered', () => {
  assert.match(valueFor(offer('MD5')), /response="8ca523f5e9506fed4657c9700eebdbec", algorithm=MD5, opaque="FQhe/)
  const both = valueFor(`${offer('MD5')}, ${offer('SHA-256')}`)
  assert.match(both, /^Digest username="Mufasa", realm="http-auth@example\.org", nonce="7ypf/)
  assert.match(both, /response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", algorithm=SHA-256/)
  assert.match(both, /qop=auth, nc=00000001, cnonce="f2\/wE4q/)
})

test('answers Digest without qop as RFC 2069 did', () => {
  const login = authorizationFor(
    challengesIn('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'),
    { ...USER, password: 'Circle Of Life' },
    ASKED,
  )
  assert.match(login.ok ? login.value : '', /response="670fd8c2df070c60b045671b8b24ff02"$/)
})

test('prefers Digest, whatever the order; sends Basic where that is all', () => {
  assert.match(causeFor(`Basic realm="x", ${offer('MD5')}`), /^Digest /)
  assert.is(causeFor('Basic realm="x, y=z"'), 'Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl')
  assert.is(causeFor('Basic realm="x", Digest realm="y", nonce="z", algorithm=SHA-512-256'), causeFor('Basic'))
})

test('says why there is no login', () => {
  assert.match(causeFor('NTLM, Negotiate'), /^it wants a login by ntlm, negotiate, which this device does not have$/)
  assert.match(causeFor('Negotiate TlRMTVNTUAAB=='), /^it wants a login by /)
  assert.match(causeFor(''), /by a method it does not name/)
  assert.match(causeFor('Basic realm=x', {}), /no user and password are configured/)
  assert.match(causeFor('Basic realm=x', USER, true), /^it does not accept the login Mufasa$/)
})

test('a stale nonce is worth another login, a refused password is not', () => {
  assert.match(causeFor(`${offer('MD5')}, stale=TRUE`, USER, true), /^Digest /)
  assert.match(causeFor(`${offer('MD5')}, stale=false`, USER, true), /does not accept/)
})

test('reads a hostile header in little time, and quotes what it gives back', () => {
  for (const text of [
    '"'.repeat(16_000),
    'a='.repeat(8_000),
    'Digest realm="'.repeat(1_000),
    `${'\\'.repeat(16_000)}"`,
  ]) {
    const startedMs = performance.now()
    challengesIn(text)
    assert.ok(performance.now() - startedMs < 2_000)
  }
  assert.match(valueFor('Digest realm="a\\"b", nonce="c"'), /realm="a\\"b", nonce="c"/)
})

test.run()
