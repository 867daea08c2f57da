import * as assert from 'uvu/assert'
import { deviceReportSchema } from '../../formats/control-protocol.ts'
import type { ConsoleStatus, SupervisorStatus } from '../../formats/status-file.ts'
import { suite } from '../../testbed/suite.ts'
import { statusNow } from '../testing/device.ts'
import { type CarryingUplink, deviceReport } from './device-report.ts'

const test = suite('device report')
const NOW_MS = 1_800_000_000_000
const agoMs = (seconds: number) => NOW_MS - seconds * 1000

const STATUS: SupervisorStatus = {
  ...statusNow(),
  ...{ software: '1.2.3', state: 'no-console', cause: 'proved, but a line is not open', since: agoMs(90) },
  proof: { provedAt: agoMs(2.4), by: 'login', tookMs: 300, attempt: null, probeMs: 45 },
  sessions: { shell: 1, console: 2 },
  changes: Array.from({ length: 10 }, (_, index) => ({ at: agoMs(100 - index), state: 'ready', cause: `c${index}` })),
}
const CONSOLES = {
  consoles: [
    {
      name: 'sw1',
      state: 'open',
      cause: '',
      sessions: [{ technician: 'alice', writer: true, since: agoMs(61) }],
      lastOutputAt: agoMs(7),
    },
    { name: 'sw2', state: 'closed', cause: 'not plugged in', sessions: [], lastOutputAt: null },
  ],
} as unknown as ConsoleStatus

test('is the essence of both statuses, with ages in seconds', () => {
  const report = deviceReport(STATUS, CONSOLES, { name: 'eth0' }, 30, NOW_MS)
  assert.equal(report, {
    v: 1,
    state: 'no-console',
    cause: 'proved, but a line is not open',
    sinceS: 90,
    proofS: 2,
    proofBy: 'login',
    tookMs: 300,
    pingS: 30,
    probeMs: 45,
    sessions: { shell: 1, console: 2 },
    software: '1.2.3',
    uplink: 'eth0',
    consoles: [
      { name: 'sw1', open: true, cause: '', who: [{ technician: 'alice', types: true, forS: 61 }], outputS: 7 },
      { name: 'sw2', open: false, cause: 'not plugged in', who: [], outputS: null },
    ],
    // The newest eight, oldest first.
    changes: Array.from({ length: 8 }, (_, index) => ({ agoS: 98 - index, state: 'ready', cause: `c${index + 2}` })),
  })
  deviceReportSchema.parse(report)
})

test('has the uplinks of a device with several, with ages, and the way of its tunnel', () => {
  const uplink = { kind: 'cable', metered: false, carries: true, provedAt: agoMs(61), why: '', dayBytes: null } as const
  const other = {
    name: 'wwan0',
    kind: 'modem',
    metered: true,
    carries: false,
    provedAt: null,
    dayBytes: 1_000,
  } as const
  const uplinks = [
    { ...uplink, name: 'eth0' },
    { ...other, why: 'x'.repeat(500) },
  ]
  const way = { rung: 'tls', proxy: null, certificate: null } as const
  const report = deviceReport({ ...STATUS, way, uplinks }, undefined, { name: 'eth0' }, 30, NOW_MS)
  const { provedAt: _, ...known } = uplink
  assert.is(report.way, 'tls')
  assert.equal(report.uplinks, [
    { ...known, name: 'eth0', provedS: 61 },
    {
      name: 'wwan0',
      kind: 'modem',
      metered: true,
      carries: false,
      provedS: null,
      dayBytes: 1_000,
      why: 'x'.repeat(80),
    },
  ])
  const many = Array.from({ length: 40 }, (_, n) => ({ ...uplink, name: `eth${n}` }))
  assert.is(deviceReport({ ...STATUS, uplinks: many }, undefined, undefined, 30, NOW_MS).uplinks?.length, 8)
})

test('has the pages of captive portals, four at most', () => {
  const portal = { interface: 'wlan0', page: 'http://portal.example/login', at: agoMs(20) }
  const report = deviceReport(
    { ...STATUS, portals: [portal, { ...portal, interface: null }] },
    undefined,
    { name: 'eth0' },
    30,
    NOW_MS,
  )
  assert.equal(report.portals, [
    { uplink: 'wlan0', page: 'http://portal.example/login', agoS: 20 },
    { uplink: null, page: 'http://portal.example/login', agoS: 20 },
  ])
  deviceReportSchema.parse(report)
  const many = Array.from({ length: 9 }, () => portal)
  assert.is(deviceReport({ ...STATUS, portals: many }, undefined, undefined, 30, NOW_MS).portals?.length, 4)
  assert.is(deviceReport(STATUS, undefined, undefined, 30, NOW_MS).portals, undefined)
})

test('has the signal of a Wi-Fi, and none of a cable', () => {
  const report = (uplink: CarryingUplink) => deviceReport(STATUS, undefined, uplink, 30, NOW_MS)
  assert.is(report({ name: 'wlan0', signalDbm: -61 }).signalDbm, -61)
  assert.not('signalDbm' in report({ name: 'eth0', signalDbm: undefined }))
})

test('says what it does not know', () => {
  const proof = { ...STATUS.proof, provedAt: null, by: null }
  const report = deviceReport({ ...STATUS, proof, changes: [] }, undefined, undefined, 30, NOW_MS)
  assert.equal(
    [report.proofS, report.proofBy, report.uplink, report.consoles, report.changes],
    [null, null, null, null, []],
  )
})

test('has ages that a relay takes, whatever the clock did', () => {
  const ages = (since: number) => deviceReport({ ...STATUS, since }, undefined, undefined, 30, NOW_MS).sinceS
  assert.equal([ages(NOW_MS + 5_000), ages(NOW_MS), ages(-1e15)], [0, 0, 1e10])
})

test('is as long as a relay takes a line, however much there is to say', () => {
  const long = 'x'.repeat(1_000)
  const sessions = Array.from({ length: 100 }, () => ({ technician: long, writer: false, since: NOW_MS }))
  const consoles = Array.from({ length: 100 }, () => ({ name: long, state: 'open', cause: long, sessions }))
  const changes = Array.from({ length: 100 }, () => ({ at: NOW_MS, state: 'ready', cause: long }) as const)
  const status = { ...STATUS, cause: long, changes }
  const report = deviceReport(status, { consoles } as unknown as ConsoleStatus, { name: long }, 30, NOW_MS)
  deviceReportSchema.parse(report)
  assert.equal(
    [report.cause, report.uplink, report.changes[0]?.cause].map(text => text?.length),
    [400, 40, 80],
  )
  const [first] = report.consoles ?? []
  assert.equal([report.consoles?.length, first?.who.length], [64, 64])
  assert.equal(
    [first?.name, first?.cause, first?.who[0]?.technician].map(text => text?.length),
    [40, 200, 40],
  )
})

test.run()
