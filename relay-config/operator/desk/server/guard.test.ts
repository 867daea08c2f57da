import * as assert from 'uvu/assert'
import { suite } from '../../../../testbed/suite.ts'
import { contentPolicy, entranceRefusal, refusal, secretIn, socketRefusal } from './guard.ts'

const test = suite('desk guard')
const US = '127.0.0.1:4000'
const asked = (changes: object = {}) => ({
  method: 'POST',
  host: US,
  origin: `http://${US}`,
  site: 'same-origin',
  ...changes,
})

/** What each kind of request is answered, and what is refused. */
const TABLE: [what: string, changes: object, page: boolean, entrance: boolean, socket: boolean][] = [
  ['the own page', {}, true, true, true],
  ['a person who types the address', { method: 'GET', origin: undefined, site: 'none' }, true, true, false],
  ['a program without a browser', { origin: undefined, site: undefined }, true, true, false],
  ['the form of a file', { origin: 'null', site: 'cross-site' }, false, true, false],
  ['DNS rebinding', { host: 'evil.example:4000', origin: 'http://evil.example:4000' }, false, false, false],
  [
    'DNS rebinding without an origin',
    { host: 'evil.example:4000', origin: undefined, site: 'none' },
    false,
    false,
    false,
  ],
  ['another name of this host', { host: 'localhost:4000', origin: 'http://localhost:4000' }, false, false, false],
  ['another port of this host', { origin: 'http://127.0.0.1:4001', site: 'same-site' }, false, false, false],
  ['another site', { origin: 'https://evil.example', site: 'cross-site' }, false, false, false],
  ['an older browser at another site', { origin: 'https://evil.example', site: undefined }, false, false, false],
  ['a link of another site', { method: 'GET', origin: undefined, site: 'cross-site' }, false, true, false],
  ['no host', { host: undefined }, false, false, false],
  ['another method', { method: 'DELETE' }, false, true, true],
]

for (const [what, changes, page, entrance, socket] of TABLE) {
  test(what, () => {
    const one = asked(changes)
    assert.equal(
      [refusal(one, US), entranceRefusal(one, US), socketRefusal(one, US)].map(why => why === undefined),
      [page, entrance, socket],
    )
  })
}

test('the secret is read from the subprotocols alone', () => {
  assert.is(secretIn('oobm-desk, oobm-desk.0a1b'), '0a1b')
  for (const none of [undefined, '', 'oobm-desk', 'oobm-desk.', 'oobm-desk.XY', 'other.0a1b'])
    assert.is(secretIn(none), '')
})

test('the policy lets nothing be loaded from elsewhere, and no script run that is not a file of the desk', () => {
  const policy = contentPolicy(US, 'abc')
  assert.not.match(policy, /unsafe|\*|https:/)
  assert.match(policy, /^default-src 'none'; script-src 'self';/)
  assert.match(policy, /connect-src 'self' ws:\/\/127\.0\.0\.1:4000;/)
})

test.run()
