import * as assert from 'uvu/assert'
import type { ConsoleStatus } from '../../formats/status-file.ts'
import { suite } from '../../testbed/suite.ts'
import { Deeds } from './deeds.ts'

const test = suite('deeds')

test('what lasted is told with its beginning and its end, once', () => {
  const nowMs = 5_000_000
  const wallMs = 1_800_000_000_000
  const deeds = new Deeds({ nowMs: () => nowMs, wallMs: () => wallMs, sleep: async () => {} })
  const status: ConsoleStatus = {
    ...{ version: 1, software: '0', pid: 7, heartbeat: { bootId: '0123456789', uptimeMs: 1 }, port: 1, consoles: [] },
    events: [
      {
        ...{ id: 1, at: wallMs - 60_000, since: wallMs - 780_000, event: 'typed', console: 'core-sw1' },
        ...{ technician: 'alice', from: '192.0.2.7', detail: '340 bytes' },
      },
    ],
  }
  deeds.look(undefined, status)
  deeds.look(status, status)
  const told: string[] = []
  deeds.tell(line => told.push(line) > 0)
  assert.is(told.length, 1)
  assert.equal(JSON.parse(told[0]?.replace(/^event /, '') ?? ''), {
    ...{ event: 'typed', agoS: 60, fromS: 780, console: 'core-sw1', technician: 'alice', address: '192.0.2.7' },
    ...{ detail: '340 bytes', ref: '01234567.7.1' },
  })
})

test('what a connection accepted just before its end is told again, with the same ref; a session is not', () => {
  let nowMs = 5_000_000
  const deeds = new Deeds({ nowMs: () => nowMs, wallMs: () => 1_800_000_000_000 + nowMs, sleep: async () => {} })
  const told = () => {
    const lines: string[] = []
    deeds.tell(line => lines.push(line) > 0)
    return lines.map(line => JSON.parse(line.replace(/^\w+ /, '')))
  }
  deeds.userdataDecided('userdata undone')
  const [first] = told()
  assert.is(first.detail, 'userdata undone')
  assert.match(first.ref, /^userdata\.\d+$/)
  nowMs += 20_000
  assert.equal(told(), [], 'once on a connection')
  deeds.connectionEnded(60_000)
  assert.equal(told(), [{ ...first, agoS: 20 }])
  nowMs += 120_000
  deeds.connectionEnded(60_000)
  assert.equal(told(), [], 'it has arrived long ago')

  const someone = { technician: 'alice', since: 1_800_000_000_000 }
  const status = {
    ...{ version: 1, software: '0', pid: 7, heartbeat: { bootId: '0123456789', uptimeMs: 1 }, port: 1 },
    consoles: [{ name: 'sw1', sessions: [{ id: 1, ...someone }] }],
  } as unknown as ConsoleStatus
  deeds.look(status, { ...status, consoles: [{ ...status.consoles[0], sessions: [] }] } as unknown as ConsoleStatus)
  assert.is(told().length, 1)
  deeds.connectionEnded(60_000)
  assert.equal(told(), [])
})

test.run()
