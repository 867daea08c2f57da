import * as assert from 'uvu/assert'
import type { ConsoleStatus } from '../../formats/status-file.ts'
import { suite } from '../../testbed/suite.ts'
import type { BridgeLook } from '../bridge/watch-bridge.ts'
import { LocalFacts, localFacts } from './local-facts.ts'

const test = suite('local-facts')

interface Line {
  name: string
  state: 'open' | 'closed'
  cause?: string
  people?: number
}

function running(...lines: Line[]): BridgeLook {
  const consoles = lines.map(({ name, state, cause = '', people = 0 }) => {
    return { name, state, cause, sessions: Array.from({ length: people }, () => ({})) }
  })
  return { state: 'running', status: { consoles } as unknown as ConsoleStatus }
}

const known = (look: BridgeLook | undefined, shell?: string, console?: string) =>
  localFacts(['sw1', 'sw2'], { shell, console, look })

test('open lines need no report', () => {
  const facts = known(running({ name: 'sw1', state: 'open' }, { name: 'sw2', state: 'open' }))
  assert.equal(facts, { local: { shell: undefined, console: undefined }, closedConsoles: [], consolesInUse: [] })
})

test('a configured line that is closed, or that the bridge does not know, is reported with its cause', () => {
  const look = running({ name: 'sw2', state: 'closed', cause: 'no such device' }, { name: 'other', state: 'closed' })
  assert.equal(known(look).closedConsoles, [
    { name: 'sw1', cause: 'the console bridge does not know this console: sudo systemctl restart oobm-console' },
    { name: 'sw2', cause: 'no such device' },
  ])
})

test('consoles that somebody uses are reported', () => {
  const look = running({ name: 'sw1', state: 'open', people: 2 }, { name: 'sw2', state: 'open' })
  assert.equal(known(look).consolesInUse, ['sw1'])
})

test('without a status of the bridge, nothing is known about its lines', () => {
  for (const look of [undefined, { state: 'absent' }, { state: 'silent', forMs: 20_000 }] as const) {
    const { closedConsoles, consolesInUse } = known(look)
    assert.is(closedConsoles, undefined)
    assert.equal(consolesInUse, [])
  }
})

test('a bridge with an old heartbeat is at fault; without a status file, only its port counts', () => {
  assert.match(known({ state: 'silent', forMs: 20_000 }).local.console ?? '', 'console bridge no longer answers')
  assert.is(known({ state: 'absent' }).local.console, undefined)
  const both = known({ state: 'silent', forMs: 1 }, 'sshd is stopped', 'its port is closed')
  assert.equal(both.local, { shell: 'sshd is stopped', console: 'its port is closed' })
})

function kept() {
  let reports = 0
  let recoveries = 0
  const facts = new LocalFacts(
    ['sw1'],
    () => reports++,
    () => recoveries++,
  )
  return { facts, reports: () => reports, recoveries: () => recoveries }
}

test('reports each change once', () => {
  const { facts, reports } = kept()
  facts.looked('shell', undefined)
  facts.looked('console', undefined)
  facts.looked('shell', undefined)
  assert.is(reports(), 1)
  facts.bridge(running({ name: 'sw1', state: 'open' }))
  facts.bridge(running({ name: 'sw1', state: 'open' }))
  assert.is(reports(), 2)
})

test('knows the fault of either end', () => {
  const { facts } = kept()
  assert.is(facts.fault, undefined)
  facts.looked('console', 'bridge')
  assert.is(facts.fault, 'bridge')
  facts.looked('shell', 'sshd')
  assert.is(facts.fault, 'sshd')
})

test('reports the end of each fault, so that what failed because of it is proved again', () => {
  const { facts, recoveries } = kept()
  facts.looked('shell', 'sshd')
  facts.looked('console', 'bridge')
  facts.looked('shell', 'sshd, otherwise')
  assert.is(recoveries(), 0)
  facts.looked('shell', undefined)
  assert.is(recoveries(), 1)
  facts.looked('console', undefined)
  assert.is(recoveries(), 2)
  facts.bridge({ state: 'silent', forMs: 20_000 })
  facts.bridge(running({ name: 'sw1', state: 'open' }))
  assert.is(recoveries(), 3)
  facts.looked('console', undefined)
  assert.is(recoveries(), 3)
})

test.run()
