import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { type AddressFault, type DialFailure, dialFailure, type NameFault, type Nat64Answer } from './dial-failure.ts'

const test = suite('dial-failure')

function failure(addresses: Record<string, AddressFault>, name?: NameFault): DialFailure {
  return dialFailure({ host: 'relay.example', port: 443, name, addresses: new Map(Object.entries(addresses)) })
}

test('says of several addresses what says most, and which were tried', () => {
  const { kind, cause } = failure({ '2001:db8::1': { kind: 'no-route' }, '192.0.2.1': { kind: 'refused' } })
  assert.is(kind, 'refused')
  assert.is(
    cause,
    'relay.example refuses connections on port 443: its sshd is not running, or a firewall blocks it (addresses tried: 2001:db8::1, 192.0.2.1)',
  )
  assert.is(failure({ a: { kind: 'no-answer' }, b: { kind: 'turned-away' } }).kind, 'turned-away')
  assert.is(failure({ a: { kind: 'local', detail: 'EMFILE' }, b: { kind: 'no-route' } }).kind, 'no-route')
})

test('says both things when a name fails and its last address too', () => {
  const found = failure({ '192.0.2.1': { kind: 'not-ssh', which: 'http' } }, { kind: 'dns-silent' })
  assert.equal(found, {
    kind: 'dns-silent',
    cause:
      'the name relay.example cannot be looked up: no name server answers; its last address 192.0.2.1:443 is answered by something that is not an SSH server: a captive portal or a proxy, it speaks HTTP',
  })
})

test('names what answers in place of an SSH server', () => {
  assert.is(failure({ '192.0.2.1': { kind: 'not-ssh', which: 'tls' } }).which, 'tls')
  assert.is(failure({ '192.0.2.1': { kind: 'silent' } }).which, undefined)
})

test('has a cause where nothing was tried yet', () => {
  assert.is(failure({}).kind, 'no-answer')
  assert.is(failure({}, { kind: 'dns-missing' }).cause, 'the name relay.example does not exist, says the name server')
})

test('says why an IPv4 address cannot be reached in a network that has IPv6 alone', () => {
  const of = (addresses: string[], nat64: Nat64Answer) =>
    dialFailure({
      ...{ host: 'relay.example', port: 443, name: undefined, nat64 },
      addresses: new Map(addresses.map(address => [address, { kind: 'no-route' }])),
    }).cause
  assert.is(
    of(['192.0.2.1'], 'none'),
    'there is no route to relay.example; IPv4 does not lead out of this network, and its name server knows no NAT64 (RFC 7050)',
  )
  assert.match(of(['192.0.2.1'], 'silent'), /its name server does not answer about a NAT64/)
  assert.not.match(of(['192.0.2.1', '64:ff9b::c000:201'], 'found'), /IPv4/)
  assert.not.match(of(['192.0.2.1', '2001:db8::1'], 'none'), /IPv4/)
})

test.run()
