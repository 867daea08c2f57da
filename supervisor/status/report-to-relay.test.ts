import { setImmediate as turn } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import type { ConsoleStatus, SupervisorStatus } from '../../runtime/status-file.ts'
import { suite } from '../../tools/suite.ts'
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

/** Reports with these answers of the bridge, one a look, until there are no more; in a time of its own. */
async function report(answers: (ConsoleStatus | undefined)[]) {
  const time = { nowMs: 0 }
  const over = new AbortController()
  const sleepers: { untilMs: number; wake: () => void }[] = []
  const sent: { atMs: number; line: string }[] = []
  const clock = {
    wallMs: () => time.nowMs,
    nowMs: () => time.nowMs,
    sleep: (ms: number, signal: AbortSignal) =>
      new Promise<void>(wake => {
        if (signal.aborted) return wake()
        signal.addEventListener('abort', () => wake(), { once: true })
        sleepers.push({ untilMs: time.nowMs + ms, wake })
      }),
  }
  const left = [...answers]
  const reporter = new Reporter({
    clock,
    askBridge: async () => {
      if (left.length === 1) over.abort()
      return left.shift()
    },
    readUplink: async () => 'eth0',
  })
  reporter.update(STATUS)
  const control = {
    others: async () => undefined,
    send: (line: string) => sent.push({ atMs: time.nowMs, line }) > 0,
    listen: () => {},
  }
  const served = reporter.serve(control, over.signal)
  while (!over.signal.aborted) {
    for (let round = 0; round < 5; round++) await turn()
    const next = sleepers.sort((a, b) => a.untilMs - b.untilMs).shift()
    if (next === undefined) break
    time.nowMs = Math.max(time.nowMs, next.untilMs)
    next.wake()
  }
  await served
  return sent
}

test('a bridge that starts after the tunnel is known to the relay seconds later', async () => {
  const idle = bridge(7, [])
  const sent = await report([...Array(6).fill(undefined), idle, idle])
  const known = sent.find(({ line }) => line.includes('sw1'))
  assert.ok(known, 'the relay learns of the console')
  assert.ok(known.atMs < 60_000, `after ${known.atMs} ms`)
})

test('a session that ended is told once, also when the bridge began anew with the same numbers', async () => {
  const one = bridge(7, [1, 2])
  const sessionsOf = (sent: { line: string }[]) => sent.filter(({ line }) => line.startsWith('session ')).length
  assert.is(sessionsOf(await report([one, bridge(7, [2]), bridge(7, [2]), one])), 1)
  assert.is(sessionsOf(await report([one, one, one])), 0)
  assert.is(sessionsOf(await report([one, bridge(8, [1, 2]), bridge(8, [1, 2])])), 2)
})

test.run()
