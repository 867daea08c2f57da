import * as assert from 'uvu/assert'
import { PLAIN } from '../../cli/paint.ts'
import type { UserdataStatus } from '../../formats/userdata.ts'
import { suite } from '../../testbed/suite.ts'
import { judgeUserdata } from '../doctor/userdata-checks.ts'
import { describeUserdata } from './describe-userdata.ts'

const test = suite('describe-userdata')
const NOW = Date.UTC(2026, 10, 21, 12)

const none: UserdataStatus = {
  ...{ interface: 'wwan0', lookedAt: null, fault: '', relays: [], trial: null, undone: null },
}
const named: UserdataStatus = {
  ...none,
  lookedAt: NOW - 180_000,
  relays: [{ relay: 'relay2.example.net:443', remotePort: 20_100, key: 'SHA256:x' }],
}
const lines = (status: UserdataStatus) => describeUserdata(status, NOW, PLAIN)
const findings = (status: UserdataStatus) =>
  judgeUserdata(status, NOW).map(({ what, result, detail }) => `${result} ${what}: ${detail}`)

test('says what it names, how old the look is, and with which key the device logs in', () => {
  assert.equal(lines(none), ['over wwan0, not looked at yet'])
  assert.equal(lines(named), [
    'over wwan0, looked at 3 min ago',
    'it names relay2.example.net:443, listener 20100; logs in with the key SHA256:x',
  ])
  assert.match(lines({ ...named, relays: [{ relay: 'a:1', remotePort: 1, key: null }] })[1] ?? '', /own key$/)
  assert.equal(findings(named), ['ok userdata: over wwan0, 3 min ago, names relay2.example.net:443'])
})

test('says of each relay beside the first how it is', () => {
  const beside = { state: 'refused', cause: 'it does not accept the login', provedAt: null } as const
  const status = { ...named, relays: [...named.relays, { relay: 'b:443', remotePort: 1, key: null, beside }] }
  assert.is(lines(status)[3], '  beside the first: refused, never proved since the start: it does not accept the login')
  assert.match(findings(status)[1] ?? '', /^warning userdata relay b:443: refused/)
  const proved = { state: 'ready', cause: 'proved', provedAt: NOW - 60_000 } as const
  assert.match(
    findings({ ...status, relays: [{ relay: 'b:443', remotePort: 1, key: null, beside: proved }] })[1] ?? '',
    /^ok userdata relay b:443: ready, proved 1 min ago: proved$/,
  )
})

test('says why what it says is not used, what is on trial, and what was given up', () => {
  const to = 'relay3.example.net (listener 20200)'
  const status: UserdataStatus = {
    ...named,
    fault: 'it is not JSON',
    trial: { phase: 'waiting', since: NOW - 60_000, cause: 'somebody is in: it begins when this ends', to },
    undone: { at: NOW - 7_200_000, cause: 'no login came back', to },
  }
  assert.equal(lines(status), [
    'over wwan0, looked at 3 min ago: it is not JSON',
    'it names relay2.example.net:443, listener 20100; logs in with the key SHA256:x',
    `${to}: came 1 min ago, not used yet: somebody is in: it begins when this ends`,
    `${to}: given up 2 h ago, no login came back`,
  ])
  assert.equal(
    findings(status).map(text => text.split(':')[0]),
    ['warning userdata', 'warning userdata on trial', 'warning userdata given up'],
  )
})

test.run()
