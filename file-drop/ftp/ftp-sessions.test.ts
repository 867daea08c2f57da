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

test('an upload that runs is as far as its file is long; a download says nothing', async () => {
  const { transfers, sessions } = world()
  sessions.take({ ...ME, kind: 'asked', what: 'put', file: 'upload/up1' })
  sessions.take({ ...ME, kind: 'begun', size: null })
  sessions.take({ pid: 8, who: ME.who, kind: 'asked', what: 'took', file: 'up1' })
  sessions.take({ pid: 8, who: ME.who, kind: 'begun', size: 9 })
  await sessions.look(async name => (name === 'up1' ? 7_000 : undefined))
  assert.equal(
    transfers.running.map(({ what, bytes }) => [what, bytes]),
    [
      ['put', 7_000],
      ['took', null],
    ],
  )
  await sessions.look(async () => undefined)
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
