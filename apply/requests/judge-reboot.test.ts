import * as assert from 'uvu/assert'
import type { Reading } from '../../device/daemons/read-daemon.ts'
import type { ConsoleStatus, SupervisorStatus } from '../../formats/status-file.ts'
import { suite } from '../../testbed/suite.ts'
import { type RebootFacts, whyNoReboot } from './judge-reboot.ts'

const test = suite('judge a reboot')

const HOUR_MS = 3_600_000

const supervisor = (state: string, more: object = {}) =>
  ({
    running: true,
    status: { state, relay: null, sessions: { shell: 0, console: 0 }, ...more },
  }) as unknown as Reading<SupervisorStatus>
const bridge = (sessions: object[]) =>
  ({ running: true, status: { consoles: [{ name: 'core-sw1', sessions }] } }) as unknown as Reading<ConsoleStatus>
const silent = { running: false, state: 'silent', problem: 'it has not answered' } as const

const GOOD: RebootFacts = {
  isSwitchedOff: false,
  supervisor: supervisor('no-link'),
  bridge: bridge([]),
  loggedIn: [],
  busy: undefined,
  now: { bootId: 'b', uptimeMs: HOUR_MS },
  last: null,
}

test('reboots a board that nobody can reach and nobody uses', () => {
  const rows: Partial<RebootFacts>[] = [
    {},
    { supervisor: supervisor('no-relay') },
    { supervisor: supervisor('unproved') },
    // A bridge that does not run has nobody on its consoles.
    { bridge: { running: false, state: 'gone', problem: 'it is not running' } },
    { now: { bootId: 'b', uptimeMs: 6 * HOUR_MS }, last: { at: { bootId: 'a', uptimeMs: 90 * HOUR_MS }, wallMs: 0 } },
    { now: { bootId: 'b', uptimeMs: 9 * HOUR_MS }, last: { at: { bootId: 'b', uptimeMs: 3 * HOUR_MS }, wallMs: 0 } },
  ]
  for (const row of rows) assert.is(whyNoReboot({ ...GOOD, ...row }), undefined, JSON.stringify(row))
})

test('refuses whatever speaks against it, and says why', () => {
  const rows: [facts: Partial<RebootFacts>, reason: RegExp][] = [
    [{ isSwitchedOff: true }, /switched off: \[recovery\] reboot = false$/],
    [{ supervisor: silent }, /nobody can tell whether the way out is stuck/],
    ...['ready', 'in-use', 'no-console'].map((state): [Partial<RebootFacts>, RegExp] => [
      { supervisor: supervisor(state) },
      new RegExp(`proved: the state is ${state}$`),
    ]),
    [{ supervisor: supervisor('maintenance', { relay: { host: 'r', port: 443 } }) }, /connected to r:443, so that/],
    [{ loggedIn: ['alice by ssh'] }, /^somebody is in: alice by ssh$/],
    [{ supervisor: supervisor('no-relay', { sessions: { shell: 0, console: 1 } }) }, /^somebody is in, through/],
    [{ bridge: bridge([{}]) }, /^somebody is on the console core-sw1$/],
    [{ bridge: silent }, /nobody can tell whether somebody is on a console/],
    [{ busy: 'an upgrade is on trial' }, /^an upgrade is on trial$/],
    [
      { last: { at: { bootId: 'b', uptimeMs: HOUR_MS / 2 }, wallMs: 0 } },
      /at most one reboot in 6 h: the last one was asked for 30 min ago$/,
    ],
  ]
  for (const [facts, reason] of rows) assert.match(whyNoReboot({ ...GOOD, ...facts }) ?? 'nothing', reason)
})

test('counts only time that is sure to have passed: a board that was cut off after a reboot waits again, whatever its clock says', () => {
  const last = { at: { bootId: 'a', uptimeMs: 100 * HOUR_MS }, wallMs: 0 }
  const after = (hours: number) => whyNoReboot({ ...GOOD, last, now: { bootId: 'c', uptimeMs: hours * HOUR_MS } })
  assert.match(after(5.9) ?? '', /after the last one the board started 5 h ago$/)
  assert.is(after(6), undefined)
})

test.run()
