import * as assert from 'uvu/assert'
import { suite } from '../../../../testbed/suite.ts'
import { judgeSoak, type SoakObservation } from './judge-soak.ts'

const test = suite('soak judge')

const footprint = { pid: 1, descriptors: 20, rssKb: 60_000, onRelay: ['oobm-device-command', 'sshd', 'sshd'] }
const way = (atMs: number, ok: boolean) => ({ atMs, ok, why: '' })

function judged(changes: Partial<SoakObservation>) {
  const whole = [way(0, true)]
  const seen: SoakObservation = {
    ...{ fromMs: 0, toMs: 600_000, faults: 10, notHealed: [], readyAtEnd: true, watchdogs: 0 },
    claims: [{ atMs: 0, state: 'ready', cause: '', relay: '', rung: '', uplink: '', led: '' }],
    ways: { both: whole, shell: whole, console: whole, held: whole },
    ...{ before: footprint, after: footprint },
    ...changes,
  }
  return judgeSoak(seen).missed
}

test('passes where all is as before', () => assert.equal(judged({}), []))

test('a promise may outlast the way for as long as docs/tunnel.md says, and a busy machine adds', () => {
  const gone = (ms: number) => [way(0, true), way(100_000, false), way(100_000 + ms, true)]
  const ways = (ms: number) => ({ both: gone(ms), shell: gone(ms), console: gone(ms), held: gone(ms) })
  assert.equal(judged({ ways: ways(29_900) }), [])
  assert.equal(judged({ ways: ways(30_100) }), ['a way in was promised for 30.1 s without one'])
  assert.match(judged({ ways: ways(61_000) }).join(), /ready without a listener for 10.17 % of the time/)
  const claims = [
    { atMs: 0, state: 'ready', cause: '', relay: '', rung: '', uplink: '', led: '' },
    { atMs: 101_000, state: 'no-relay', cause: '', relay: '', rung: '', uplink: '', led: '' },
  ]
  assert.equal(judged({ ways: ways(90_000), claims }), [], 'what is not promised does not count')
})

const LEFT: [string, Partial<SoakObservation>, RegExp][] = [
  [
    'a second set of processes on the relay',
    { after: { ...footprint, onRelay: ['sshd', 'sshd', 'sshd'] } },
    /on the relay there was/,
  ],
  ['no process of the device on the relay', { after: { ...footprint, onRelay: ['sshd'] } }, /on the relay there was/],
  ['descriptors', { after: { ...footprint, descriptors: 23 } }, /^3 descriptors are left open$/],
  ['memory', { after: { ...footprint, rssKb: 100_000 } }, /memory grew from 59 to 98 MB/],
  ['another process', { after: { ...footprint, pid: 2 } }, /another process/],
  ['a device that is not ready', { readyAtEnd: false }, /not ready at the end/],
  ['a fault that did not heal', { notHealed: ['not healed 60 s after x'] }, /not healed 60 s after x/],
  ['a watchdog that bit', { watchdogs: 1 }, /watchdog ended the supervisor 1 times/],
]

for (const [name, changes, wanted] of LEFT) {
  test(`fails for ${name}`, () => assert.match(judged(changes).join('\n'), wanted))
}

test.run()
