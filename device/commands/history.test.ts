import * as assert from 'uvu/assert'
import type { ShellSession } from '../../formats/login-history.ts'
import { suite } from '../../testbed/suite.ts'
import { describeSessions } from './history.ts'

const test = suite('oobm history')
const at = (second: number) => (1_790_000_000 + second) * 1000

test('describes each session in a line: whose key, from where, until when', () => {
  const sessions: ShellSession[] = [
    {
      account: 'alice',
      person: 'alice',
      from: '127.0.0.1',
      way: 'relay',
      openedAt: at(0),
      closedAt: at(60),
      state: 'closed',
    },
    {
      account: 'oobm',
      person: 'alice',
      from: '192.0.2.7',
      way: 'network',
      openedAt: at(10),
      closedAt: null,
      state: 'lost',
    },
    { account: 'pi', person: null, from: '127.0.0.1', way: 'relay', openedAt: at(20), closedAt: null, state: 'open' },
  ]
  assert.equal(describeSessions(sessions), [
    'alice             2026-09-21 14:13:20 UTC  until 2026-09-21 14:14:20 UTC  through the relay',
    'alice as oobm     2026-09-21 14:13:30 UTC  end not recorded               from 192.0.2.7',
    'pi (unknown key)  2026-09-21 14:13:40 UTC  still open                     through the relay',
  ])
  assert.equal(describeSessions([]), ['no logins since the history began'])
})

test.run()
