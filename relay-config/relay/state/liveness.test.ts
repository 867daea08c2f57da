import * as assert from 'uvu/assert'
import type { DeviceReport } from '../../../formats/control-protocol.ts'
import { suite } from '../../../testbed/suite.ts'
import { heardOn, isReportOverdue, paceOf, silenceMs } from './liveness.ts'
import { parseSs } from './received.ts'

const test = suite('liveness of a device')
const WIRED = { pingMs: 15_000, reportMs: 300_000 }

const reporting = (pingS: number) => ({ pingS }) as DeviceReport

test('takes the pace from the device, else from the fleet file, else from the defaults', () => {
  const cases: [Parameters<typeof paceOf>[0], DeviceReport | undefined, ReturnType<typeof paceOf>][] = [
    [{}, undefined, WIRED],
    [{ profile: 'cellular' }, undefined, { pingMs: 60_000, reportMs: 1_800_000 }],
    [{ intervals: { keepaliveS: 120 } }, undefined, { pingMs: 120_000, reportMs: 300_000 }],
    [{ profile: 'cellular', intervals: { reportS: 600 } }, undefined, { pingMs: 60_000, reportMs: 600_000 }],
    [{}, reporting(60), { pingMs: 60_000, reportMs: 300_000 }],
    [{ profile: 'cellular' }, reporting(15), { pingMs: 15_000, reportMs: 1_800_000 }],
  ]
  for (const [device, report, pace] of cases) assert.equal(paceOf(device, report), pace)
})

test('is silent after three pings, and never if nothing is known', () => {
  assert.is(silenceMs({ silentMs: 45_000 }, WIRED), undefined)
  assert.is(silenceMs({ silentMs: 45_001 }, WIRED), 45_001)
  assert.is(silenceMs({ silentMs: 170_000 }, { pingMs: 60_000, reportMs: 1 }), undefined)
  assert.is(silenceMs({ unknown: 'no ss' }, WIRED), undefined)
  assert.is(silenceMs(undefined, WIRED), undefined)
})

test('a report is overdue after three intervals and a minute', () => {
  const limitMs = 3 * 300_000 + 60_000
  assert.not(isReportOverdue(0, limitMs, WIRED))
  assert.ok(isReportOverdue(0, limitMs + 1, WIRED))
  assert.ok(isReportOverdue(undefined, 0, WIRED))
})

test('hears a device on any of its connections', () => {
  const socket = (port: number, ms: number) => `ESTAB 0 0 192.0.2.1:443 192.0.2.7:${port}\n\t rto:200 lastrcv:${ms}\n`
  const received = parseSs(socket(1, 90_000) + socket(2, 4_000))
  const server = { address: '192.0.2.1', port: 443 }
  const session = (port: number) => {
    return { pid: 1, start: '1', connection: { server, client: { address: '192.0.2.7', port } } }
  }
  assert.equal(heardOn([session(1), session(2)], received), { silentMs: 4_000 })
  assert.equal(heardOn([session(1), session(3)], received), { silentMs: 90_000 })
  assert.equal(heardOn([session(3)], received), { unknown: 'ss does not list its connection' })
  const old = { pid: 1, start: '1', connection: undefined }
  assert.equal(heardOn([old], received), { unknown: 'it connected before this relay was upgraded' })
  assert.equal(heardOn([session(1)], { unknown: 'no ss' }), { unknown: 'no ss' })
})

test.run()
