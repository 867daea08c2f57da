import * as assert from 'uvu/assert'
import { shellSessions } from '../../formats/login-history.ts'
import { suite } from '../../testbed/suite.ts'
import { describeSessions } from './history.ts'

const test = suite('oobm history')
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

test('describes each session in a line: whose key, from where, until when', () => {
  const sessions = read(
    open(1, 0),
    close(1, 60),
    open(2, 10, { account: 'oobm', from: '192.0.2.7' }),
    open(7, 20, { account: 'pi', person: '' }),
  )
  assert.equal(describeSessions(sessions), [
    'alice             2026-09-21 14:13:20 UTC  until 2026-09-21 14:14:20 UTC  through the relay',
    'alice as oobm     2026-09-21 14:13:30 UTC  end not recorded               from 192.0.2.7',
    'pi (unknown key)  2026-09-21 14:13:40 UTC  still open                     through the relay',
  ])
  assert.equal(describeSessions([]), ['no logins since the history began'])
})

test.run()
