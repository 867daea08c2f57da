import * as assert from 'uvu/assert'
import { suite } from '../../tools/suite.ts'
import { deriveStatus } from './derive-status.ts'
import { type Facts, FIRST_FACTS } from './facts.ts'

const test = suite('derive-status')
const LIMITS = { nowMs: 1_000_000, proofMaxAgeMs: 60_000, othersMaxAgeMs: 30_000 }
const relay = { host: 'relay', port: 443 }
const PROVED: Facts = {
  ...FIRST_FACTS,
  tunnel: { state: 'up', relay },
  proof: { state: 'proved', atMs: LIMITS.nowMs - 1 },
}
const DOWN: Facts = { ...FIRST_FACTS, tunnel: { state: 'down', failure: { word: 'refused', cause: 'no' } } }

const CASES: [name: string, facts: Facts, word: string][] = [
  ['nothing known yet', FIRST_FACTS, 'no-relay'],
  ['a failed connection shows its own word', DOWN, 'refused'],
  ['no link hides why the relay failed', { ...DOWN, linkUp: false }, 'no-link'],
  ['a living tunnel is better evidence than the link', { ...PROVED, linkUp: false }, 'ready'],
  ['a wrong configuration hides everything', { ...PROVED, configurationFault: 'device.toml:3' }, 'unconfigured'],
  ['connected is not proved', { ...PROVED, proof: { state: 'none' } }, 'unproved'],
  ['a failed proof', { ...PROVED, proof: { state: 'failed', cause: 'x' } }, 'unproved'],
  ['a proof that is too old', { ...PROVED, proof: { state: 'proved', atMs: LIMITS.nowMs - 60_001 } }, 'unproved'],
  ['a fresh proof', PROVED, 'ready'],
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

for (const [name, facts, word] of CASES) {
  test(name, () => assert.is(deriveStatus(facts, LIMITS).word, word))
}

test.run()
