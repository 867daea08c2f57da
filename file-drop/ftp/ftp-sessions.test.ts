import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import type { History } from '../history.ts'
import { Transfers } from '../transfers.ts'
import { FtpSessions } from './ftp-sessions.ts'

const test = suite('FTP sessions')

function world() {
  const records: Parameters<History['add']>[0][] = []
  const history: History = { add: record => void records.push(record), flush: async () => {} }
  const transfers = new Transfers(history, { wallMs: () => 0, nowMs: () => 0, sleep: async () => {} })
  let alive = true
  const sessions = new FtpSessions(transfers, () => alive)
  return {
    records,
    transfers,
    sessions,
    die: () => {
      alive = false
    },
  }
}
const ME = { pid: 7, who: '10.9.0.2' }

test('a transfer runs between its beginning and its end, with the size that the server said', () => {
  const { records, transfers, sessions } = world()
  sessions.take({ ...ME, kind: 'asked', what: 'took', file: 'a.bin' })
  assert.equal(transfers.running, [])
  sessions.take({ ...ME, kind: 'begun', size: 30 })
  assert.equal(
    transfers.running.map(({ file, size, how }) => [file, size, how]),
    [['a.bin', 30, 'ftp']],
  )
  sessions.take({ ...ME, kind: 'ended', what: 'took', file: 'sub/a.bin', isDone: true, bytes: 30 })
  assert.equal(transfers.running, [])
  assert.equal(records, [{ how: 'ftp', who: ME.who, file: 'sub/a.bin', what: 'took', bytes: 30, whole: true }])
})

/** Two sessions of one host, and one of another: each has a connection of its own. */
test('a download is as far as its own connection has carried it, whoever opened that', async () => {
  const { transfers, sessions } = world()
  const begin = (pid: number, who: string, end: 'local' | 'peer', port: number) => {
    sessions.take({ pid, who, kind: 'data-port', at: { end, port } })
    sessions.take({ pid, who, kind: 'asked', what: 'took', file: `f${pid}` })
    sessions.take({ pid, who, kind: 'begun', size: 1_000 })
  }
  begin(1, '10.9.0.2', 'local', 30_001)
  sessions.take({ pid: 2, who: '10.9.0.2', kind: 'restart', offset: 600 })
  begin(2, '10.9.0.2', 'peer', 4_000)
  begin(3, '10.9.0.3', 'local', 30_001)
  const sent = [
    { localPort: 30_001, peer: '10.9.0.3', peerPort: 9, bytes: 1 },
    { localPort: 30_001, peer: '10.9.0.2', peerPort: 8, bytes: 301 },
    { localPort: 50_000, peer: '10.9.0.2', peerPort: 4_000, bytes: 2_000 },
  ]
  await sessions.look({ stored: async () => undefined, sent: async () => sent })
  const shown = () => transfers.running.map(({ file, bytes, size }) => [file, bytes, size])
  assert.equal(shown(), [
    ['f1', 300, 1_000],
    ['f2', 400, 400],
    ['f3', 0, 1_000],
  ])
  // A connection that has just gone leaves the last figure.
  await sessions.look({ stored: async () => undefined, sent: async () => [] })
  assert.is(transfers.running[0]?.bytes, 300)
})

test('a session that only lists has nothing that runs', async () => {
  const { records, transfers, sessions, die } = world()
  sessions.take({ ...ME, kind: 'data-port', at: { end: 'local', port: 30_001 } })
  sessions.take({ ...ME, kind: 'begun', size: null })
  await sessions.look({ stored: async () => undefined, sent: async () => [] })
  die()
  sessions.sweep()
  assert.equal([transfers.running, records], [[], []])
})

test('an upload that runs is as far as its file is long; without a connection a download says nothing', async () => {
  const { transfers, sessions } = world()
  sessions.take({ ...ME, kind: 'asked', what: 'put', file: 'upload/up1' })
  sessions.take({ ...ME, kind: 'begun', size: null })
  sessions.take({ pid: 8, who: ME.who, kind: 'asked', what: 'took', file: 'up1' })
  sessions.take({ pid: 8, who: ME.who, kind: 'begun', size: 9 })
  const sent = async () => []
  await sessions.look({ stored: async name => (name === 'up1' ? 7_000 : undefined), sent })
  assert.equal(
    transfers.running.map(({ what, bytes }) => [what, bytes]),
    [
      ['put', 7_000],
      ['took', null],
    ],
  )
  await sessions.look({ stored: async () => undefined, sent })
  assert.is(transfers.running[0]?.bytes, 7_000)
})

test('what never began is a refusal; what ended early is cut', () => {
  const { records, sessions } = world()
  sessions.take({ ...ME, kind: 'asked', what: 'took', file: 'x' })
  sessions.take({ ...ME, kind: 'ended', what: 'took', file: 'x', isDone: false, bytes: null })
  sessions.take({ ...ME, kind: 'asked', what: 'put', file: 'y' })
  sessions.take({ ...ME, kind: 'begun', size: null })
  sessions.take({ ...ME, kind: 'ended', what: 'put', file: 'y', isDone: false, bytes: 5 })
  assert.equal(
    records.map(({ what, whole, bytes }) => [what, whole, bytes]),
    [
      ['refused', null, null],
      ['put', false, 5],
    ],
  )
})

test('a session that is gone without a word ends what it had', () => {
  const { records, transfers, sessions, die } = world()
  sessions.take({ ...ME, kind: 'asked', what: 'took', file: 'x' })
  sessions.take({ ...ME, kind: 'begun', size: 9 })
  sessions.sweep()
  assert.is(transfers.running.length, 1)
  die()
  sessions.sweep()
  assert.is(transfers.running.length, 0)
  assert.is(records[0]?.whole, false)
})

test('a session of another account lives, though /proc may hide it', () => {
  const { transfers } = world()
  const sessions = new FtpSessions(transfers)
  for (const pid of [1, 4_194_303]) {
    sessions.take({ pid, who: ME.who, kind: 'asked', what: 'took', file: String(pid) })
    sessions.take({ pid, who: ME.who, kind: 'begun', size: 9 })
  }
  sessions.sweep()
  assert.equal(
    transfers.running.map(({ file }) => file),
    ['1'],
  )
})

test.run()
