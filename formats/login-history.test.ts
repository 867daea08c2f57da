import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { shellSessions } from './login-history.ts'

const test = suite('history of logins')
const T = 1_790_000_000

const open = (pid: number, uptime: number, more: object = {}) => ({
  ...{ event: 'open', account: 'alice', person: 'alice', from: '127.0.0.1', at: T + uptime, uptime, boot: 'now', pid },
  ...more,
})
const close = (pid: number, uptime: number, more: object = {}) => ({
  ...{ event: 'close', at: T + uptime, uptime, boot: 'now', pid },
  ...more,
})
const read = (...lines: object[]) =>
  shellSessions(lines.map(line => JSON.stringify(line)).join('\n'), { boot: 'now', isRunning: pid => pid === 7 })
const short = (...lines: object[]) =>
  read(...lines).map(({ openedAt, closedAt, state }) => [openedAt / 1000 - T, closedAt && closedAt / 1000 - T, state])

test('pairs the ends with the beginnings, also of a process number that came again', () => {
  assert.equal(short(open(1, 10), open(2, 20), close(1, 30), open(1, 40), open(7, 50), close(2, 60), close(1, 70)), [
    [10, 30, 'closed'],
    [20, 60, 'closed'],
    [40, 70, 'closed'],
    [50, null, 'open'],
  ])
})

test('reports an end that nobody saw: after a power cut, and when another session began with its number', () => {
  assert.equal(short(open(7, 10, { boot: 'before' }), open(3, 20), open(7, 30), open(7, 40)), [
    [10, null, 'lost'],
    [20, null, 'lost'],
    [30, null, 'lost'],
    [40, null, 'open'],
  ])
})

test('both ends are on the clock that the board learned', () => {
  // It began in 2019, and the time came between.
  const [session] = read(open(1, 10, { at: 1_550_000_010 }), close(1, 70))
  assert.is(session?.openedAt, (T + 10) * 1000)
  assert.is(session?.closedAt, (T + 70) * 1000)
})

test('leaves out half a line, and other text', () => {
  const lines = [JSON.stringify(open(1, 10)), '{"event":"op', 'x', '{"event":"other"}', JSON.stringify(close(1, 20))]
  assert.is(shellSessions(lines.join('\n'), { boot: 'now', isRunning: () => false }).length, 1)
  assert.equal(shellSessions('', { boot: 'now', isRunning: () => false }), [])
})

test.run()
