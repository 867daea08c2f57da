import * as assert from 'uvu/assert'
import type { ConsoleStatus, SupervisorStatus } from '../../formats/status-file.ts'
import { suite } from '../../testbed/suite.ts'
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
    state: 'ready',
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

/** The same with the bridge's events up to that number. */
const withEvents = (status: ConsoleStatus, from: number, to: number): ConsoleStatus => ({
  ...status,
  events: Array.from({ length: to - from + 1 }, (_, n) => {
    return {
      id: from + n,
      at: 0,
      event: 'break',
      console: 'sw1',
      technician: 'alice',
      from: '127.0.0.1:5',
      detail: '300 ms',
    }
  }),
})

/** Reports while the bridge says these things, one every five seconds; in a time of its own. */
async function report(looks: (ConsoleStatus | undefined)[], takes = (_line: string, _atMs: number) => true) {
  const clock = new FakeClock()
  const over = new AbortController()
  const sent: { atMs: number; line: string }[] = []
  const reporter = new Reporter({
    clock,
    pingS: 15,
    idleMs: 300_000,
    readUplink: async () => 'wlan0',
    readSignals: async () => new Map([['wlan0', -61]]),
  })
  reporter.update(STATUS)
  const control = {
    others: async () => undefined,
    listening: async () => undefined,
    send: (line: string) => takes(line, clock.nowMs()) && sent.push({ atMs: clock.nowMs(), line }) > 0,
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

test('the signal of the Wi-Fi that carries the tunnel is in the report', async () => {
  const [first] = await report([undefined])
  assert.match(first?.line ?? '', /"uplink":"wlan0","signalDbm":-61,/)
})

test('a session that ended is told once, also when the bridge began anew with the same numbers', async () => {
  const one = bridge(7, [1, 2])
  const sessionsOf = (sent: { line: string }[]) => sent.filter(({ line }) => line.startsWith('session ')).length
  assert.is(sessionsOf(await report([one, bridge(7, [2]), bridge(7, [2]), one])), 1)
  assert.is(sessionsOf(await report([one, one, one])), 0)
  assert.is(sessionsOf(await report([one, bridge(8, [1, 2]), bridge(8, [1, 2])])), 2)
})

const eventsOf = (sent: { line: string }[]) => sent.flatMap(({ line }) => /^event (.*)$/.exec(line)?.[1] ?? [])
const refsOf = (sent: { line: string }[]) => eventsOf(sent).map(json => /"ref":"(.*?)"/.exec(json)?.[1])

test('what people did is told once, without a report, and of a new bridge from its beginning', async () => {
  const idle = bridge(7, [])
  const sent = await report([
    idle,
    withEvents(idle, 1, 2),
    withEvents(idle, 1, 3),
    withEvents(bridge(8, []), 1, 1),
    idle,
  ])
  assert.equal(refsOf(sent), ['b.7.1', 'b.7.2', 'b.7.3', 'b.8.1'])
  const [first = ''] = eventsOf(sent)
  const { agoS, ...told } = JSON.parse(first)
  assert.equal(told, {
    ...{ event: 'break', console: 'sw1', technician: 'alice', address: '127.0.0.1:5', detail: '300 ms', ref: 'b.7.1' },
  })
  assert.ok(agoS > 0)
  assert.is(sent.filter(({ line }) => line.startsWith('report ')).length, 2, 'the first, and one for the consoles')
})

test('a shell session that is over is told with its beginning', async () => {
  const clock = new FakeClock()
  const sent: string[] = []
  const over = new AbortController()
  const reporter = new Reporter({
    clock,
    pingS: 15,
    idleMs: 300_000,
    readUplink: async () => 'wlan0',
    readSignals: async () => new Map([['wlan0', -61]]),
  })
  const send = (line: string) => sent.push(line) > 0
  const control = { others: async () => undefined, listening: async () => undefined, send, listen: () => {} }
  const served = reporter.serve(control, over.signal)
  await clock.runUntil(100_000)
  const [openedAt, closedAt] = [clock.wallMs() - 90_000, clock.wallMs() - 30_000]
  const one = { account: 'oobm', from: '127.0.0.1', way: 'relay', state: 'closed', openedAt, closedAt } as const
  reporter.shellEnded({ ...one, person: 'alice' })
  await clock.runUntil(102_000)
  over.abort()
  await served
  const { ref, agoS, fromS, ...told } = JSON.parse(sent.at(-1)?.replace(/^event /, '') ?? '')
  assert.equal(told, { event: 'shell', technician: 'alice', address: '127.0.0.1', detail: 'as oobm' })
  assert.ok(agoS >= 30 && agoS <= 32 && fromS - agoS === 60, `${agoS} ${fromS}`)
  assert.is(ref, `shell.${openedAt}`)
})

test('what a relay does not take in is told later, and what is too much is counted', async () => {
  const idle = bridge(7, [])
  const looks = Array.from({ length: 10 }, (_, n) => withEvents(idle, n * 10 + 1, n * 10 + 10))
  const late = await report([idle, ...looks, ...Array(10).fill(idle)], (_line, atMs) => atMs > 50_000)
  assert.match(eventsOf(late)[0] ?? '', /"event":"lost","agoS":0,"detail":"(26|36) events that no relay received"/)
  assert.is(
    refsOf(late)
      .filter(ref => ref !== undefined)
      .at(-1),
    'b.7.100',
  )
  const [ended] = (await report([bridge(7, [1]), idle, idle, idle], (_line, atMs) => atMs > 9_000))
    .filter(({ line }) => line.startsWith('session '))
    .map(({ line }) => JSON.parse(line.slice(8)))
  assert.ok(ended.toS > 2, 'its end is as long ago as it is')
})

test.run()
