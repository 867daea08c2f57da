import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { deriveStatus, hasWayOut } from './derive-status.ts'
import { type Facts, FIRST_FACTS } from './facts.ts'

const test = suite('derive-status')
const relay = { host: 'relay', port: 443 }
const LIMITS = { nowMs: 1_000_000, othersMaxAgeMs: 30_000 }
const limits = { proofMaxAgeMs: 60_000, silentMaxMs: 20_000 }
const proved = (ageMs: number, note?: string) => ({ state: 'proved', atMs: LIMITS.nowMs - ageMs, note }) as const
const up = (silentMs: number, addressGone = false) =>
  ({ state: 'up', relay, aliveMs: LIMITS.nowMs - silentMs, addressGone, limits }) as const
const PROVED: Facts = {
  ...FIRST_FACTS,
  tunnel: up(1),
  proof: proved(1),
}
const CLOSED = { name: 'sw1', cause: 'the adapter is not plugged in' }
const HOTSPOT = { ssid: 'oobm-rack1', address: '192.168.76.1' }
const FAILED = { state: 'failed', cause: 'x' } as const
const DOWN: Facts = { ...FIRST_FACTS, tunnel: { state: 'down', failure: { state: 'refused', cause: 'no' } } }

const CASES: [name: string, facts: Facts, state: string][] = [
  ['nothing known yet', FIRST_FACTS, 'no-relay'],
  ['a failed connection shows its own state', DOWN, 'refused'],
  ['no link hides why the relay failed', { ...DOWN, linkUp: false }, 'no-link'],
  ['the hotspot says more than no link', { ...DOWN, linkUp: false, hotspot: HOTSPOT }, 'hotspot'],
  [
    'the hotspot has the place of why the relay failed: it has taken the way out',
    { ...DOWN, hotspot: HOTSPOT },
    'hotspot',
  ],
  ['a hotspot beside a living tunnel', { ...PROVED, hotspot: HOTSPOT }, 'ready'],
  ['a hotspot that took the address of the tunnel', { ...PROVED, tunnel: up(1, true), hotspot: HOTSPOT }, 'hotspot'],
  ['a wrong configuration beside a hotspot', { ...DOWN, hotspot: HOTSPOT, configurationFault: 'x' }, 'unconfigured'],
  ['a living tunnel is better evidence than the link', { ...PROVED, linkUp: false }, 'ready'],
  ['a wrong configuration hides everything', { ...PROVED, configurationFault: 'device.toml:3' }, 'unconfigured'],
  ['connected is not proved', { ...PROVED, proof: { state: 'none' } }, 'unproved'],
  ['a failed proof', { ...PROVED, proof: { state: 'failed', cause: 'x' } }, 'unproved'],
  ['a proof that is too old', { ...PROVED, proof: proved(60_001) }, 'unproved'],
  ['a fresh proof', PROVED, 'ready'],
  ['a tunnel on which the relay is silent for long', { ...PROVED, tunnel: up(20_001) }, 'no-relay'],
  ['a tunnel on which the relay was heard in time', { ...PROVED, tunnel: up(20_000) }, 'ready'],
  ['a tunnel whose address is gone', { ...PROVED, tunnel: up(1, true) }, 'no-link'],
  ['sshd is at fault', { ...PROVED, local: { shell: 'sshd is dead', console: undefined } }, 'unproved'],
  ['the bridge is at fault', { ...PROVED, local: { shell: undefined, console: 'it hangs' } }, 'unproved'],
  ['the status file cannot be written', { ...PROVED, statusFault: 'ENOSPC' }, 'unproved'],
  ['a console line is closed', { ...PROVED, closedConsoles: [CLOSED] }, 'no-console'],
  ['no console line is closed', { ...PROVED, closedConsoles: [] }, 'ready'],
  [
    'a console line is closed, and somebody is in the shell',
    { ...PROVED, closedConsoles: [CLOSED], sessions: { shell: 1, console: 0 } },
    'no-console',
  ],
  [
    'a console line is closed, and somebody is on it all the same',
    { ...PROVED, closedConsoles: [CLOSED], consolesInUse: ['sw1'], sessions: { shell: 0, console: 1 } },
    'no-console',
  ],
  [
    'a console line is closed, and somebody is on another console',
    { ...PROVED, closedConsoles: [CLOSED], consolesInUse: ['sw2'], sessions: { shell: 0, console: 1 } },
    'in-use',
  ],
  ['a closed line does not hide a failed proof', { ...PROVED, closedConsoles: [CLOSED], proof: FAILED }, 'unproved'],
  ['somebody is in', { ...PROVED, sessions: { shell: 0, console: 1 } }, 'in-use'],
  ['a twin was here a moment ago', { ...PROVED, othersSeenMs: LIMITS.nowMs - 29_000 }, 'duplicate'],
  ['a twin was here long ago', { ...PROVED, othersSeenMs: LIMITS.nowMs - 31_000 }, 'ready'],
  ['switched off by the operator', { ...PROVED, maintenance: 'off' }, 'maintenance'],
  [
    'what is off is not proved, and that is no fault',
    { ...PROVED, maintenance: 'off for a time', proof: { state: 'none' } },
    'maintenance',
  ],
  ['off does not hide a tunnel that is down', { ...DOWN, maintenance: 'off' }, 'refused'],
  ['off does not hide a twin', { ...PROVED, maintenance: 'off', othersSeenMs: LIMITS.nowMs - 29_000 }, 'duplicate'],
  [
    'somebody in does not hide a failed proof',
    {
      ...PROVED,
      sessions: { shell: 1, console: 0 },
      proof: { state: 'failed', cause: 'x' },
    },
    'unproved',
  ],
]

for (const [name, facts, state] of CASES) {
  test(name, () => assert.is(deriveStatus(facts, LIMITS).state, state))
}

test('names the captive portals that are in the way of a relay, and of nothing else', () => {
  const failure = { state: 'no-relay', cause: 'relay:443 does not answer' } as const
  const portals = [{ interface: 'wlan0', page: 'http://portal.example/' }]
  const down = { ...DOWN, tunnel: { state: 'down', failure } as const, portals }
  const cause = 'a captive portal is in the way of wlan0: http://portal.example/; relay:443 does not answer'
  assert.equal(deriveStatus(down, LIMITS), { state: 'no-relay', cause })
  assert.not.match(deriveStatus({ ...DOWN, portals }, LIMITS).cause, /portal/)
  assert.not.match(deriveStatus({ ...PROVED, portals }, LIMITS).cause, /portal/)
})

test('says what is at fault here, and which way in is left', () => {
  const { cause } = deriveStatus({ ...PROVED, local: { shell: undefined, console: 'the bridge hangs' } }, LIMITS)
  assert.is(cause, 'the bridge hangs; the shell is not affected')
})

test('says what else was found beside a proof', () => {
  const { state, cause } = deriveStatus({ ...PROVED, proof: proved(1, 'new connections fail') }, LIMITS)
  assert.equal([state, cause], ['ready', 'proved: a technician can get in; new connections fail'])
})

test('names the console lines that are closed', () => {
  const { cause } = deriveStatus({ ...PROVED, closedConsoles: [CLOSED] }, LIMITS)
  assert.match(cause, /sw1: the adapter is not plugged in/)
})

test('there is a way out while the relay answers, and for a new board that it has wait', () => {
  const waiting: Facts = { ...DOWN, tunnel: { state: 'down', failure: { state: 'enrolling', cause: 'x' } } }
  const rows: [Facts, boolean][] = [
    [PROVED, true],
    [{ ...PROVED, proof: FAILED, configurationFault: 'x', maintenance: 'off' }, true],
    [waiting, true],
    [DOWN, false],
    [FIRST_FACTS, false],
    [{ ...PROVED, tunnel: up(20_001) }, false],
    [{ ...PROVED, tunnel: up(1, true) }, false],
  ]
  for (const [facts, has] of rows) assert.is(hasWayOut(facts, LIMITS.nowMs), has, JSON.stringify(facts))
})

test.run()
