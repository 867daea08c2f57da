import * as assert from 'uvu/assert'
import type { ConsoleStatus, SupervisorStatus } from '../../runtime/status-file.ts'
import { suite } from '../../tools/suite.ts'
import { FakeClock } from '../loop/testing/fake-clock.ts'
import { Reporter } from './report-to-relay.ts'

const test = suite('report-to-relay')

const STATUS: SupervisorStatus = {
  ...{
    version: 1,
    device: 'tokyo',
    software: '1',
    pid: 1,
    heartbeat: { bootId: 'b', uptimeMs: 0 },
    word: 'ready',
    cause: 'proved',
    since: 0,
  },
  ...{ relay: null, connectedAt: 0, retryAt: null, changes: [], sessions: { shell: 0, console: 0 } },
  proof: { provedAt: 0, by: 'self-test', tookMs: 1, attempt: null, probeMs: 1 },
}

function bridge(pid: number, ids: number[]): ConsoleStatus {
  const sessions = ids.map(id => ({ id, technician: 'alice', writer: id === 1, from: '127.0.0.1', since: 0 }))
  const line = { name: 'sw1', path: '/dev/ttyUSB0', settings: '9600 8N1', state: 'open', cause: '', since: 0 } as const
  const counters = { lastOutputAt: null, bytesIn: 0, bytesOut: 0 }
  return {
    version: 1,
    software: '1',
    pid,
    heartbeat: { bootId: 'b', uptimeMs: 0 },
    port: 2222,
    consoles: [{ ...line, ...counters, sessions }],
  }
}

/** Reports while the bridge says these things, one every five seconds; in a time of its own. */
async function report(looks: (ConsoleStatus | undefined)[]) {
  const clock = new FakeClock()
  const over = new AbortController()
  const sent: { atMs: number; line: string }[] = []
  const reporter = new Reporter({ clock, pingS: 15, idleMs: 300_000, readUplink: async () => 'eth0' })
  reporter.update(STATUS)
  const control = {
    others: async () => undefined,
    listening: async () => undefined,
    send: (line: string) => sent.push({ atMs: clock.nowMs(), line }) > 0,
    listen: () => {},
  }
  const served = reporter.serve(control, over.signal)
  for (const look of looks) {
    reporter.updateConsoles(look)
    await clock.runUntil(clock.nowMs() + 5_000)
  }
  over.abort()
  await served
  assert.is(clock.sleeping, 0)
  return sent
}

test('a bridge that starts after the tunnel is known to the relay seconds later', async () => {
  const idle = bridge(7, [])
  const sent = await report([undefined, undefined, idle, idle])
  const known = sent.find(({ line }) => line.includes('sw1'))
  assert.ok(known, 'the relay learns of the console')
  assert.ok(known.atMs < 12_000, `after ${known.atMs} ms`)
})

test('a session that ended is told once, also when the bridge began anew with the same numbers', async () => {
  const one = bridge(7, [1, 2])
  const sessionsOf = (sent: { line: string }[]) => sent.filter(({ line }) => line.startsWith('session ')).length
  assert.is(sessionsOf(await report([one, bridge(7, [2]), bridge(7, [2]), one])), 1)
  assert.is(sessionsOf(await report([one, one, one])), 0)
  assert.is(sessionsOf(await report([one, bridge(8, [1, 2]), bridge(8, [1, 2])])), 2)
})

test.run()
