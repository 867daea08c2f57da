import * as assert from 'uvu/assert'
import type { DeviceConfig } from '../../formats/device-config.ts'
import { within } from '../../runtime/waiting.ts'
import { suite } from '../../testbed/suite.ts'
import type { Failure } from '../failure.ts'
import { FakeClock } from '../loop/testing/fake-clock.ts'
import { type Answers, ends, ScriptedConnection } from '../ssh/testing/scripted-connection.ts'
import { type SelfTestOptions, selfTest } from './self-test.ts'

const test = suite('self-test')

const CONFIG = { shell: {}, bridge: { hostKey: 'ssh-ed25519 BRIDGE' }, selftest: {} } as DeviceConfig

async function run(answers: Answers, failure?: Failure, over = new AbortController()) {
  const clock = new FakeClock()
  const connection = new ScriptedConnection(answers)
  const options: SelfTestOptions = {
    ...{ config: CONFIG, key: { privateKey: 'key', markers: '/markers' }, clock, ident: 'oobm_selftest' },
    files: { hostKey: () => Promise.reject(new Error('EACCES')), appeared: async () => true, forget: async () => {} },
    listeners: { shell: 20_100, console: 20_101 },
    connect: async () => ({ ok: false, fault: { kind: 'authentication', detail: '' } }),
    step: async run => {
      const outcome = await within(20_000, [over.signal], run, { clock })
      return outcome.kind === 'done' ? outcome.value : undefined
    },
    where: 'relay:443',
    reach: async () => {
      await clock.sleep(70, new AbortController().signal)
      return failure ? { ok: false, failure } : { ok: true, connection }
    },
  }
  const running = selfTest(options)
  await clock.runUntil(100_000)
  return { result: await running, connection, clock }
}

test('proves the ends through the second connection, and closes it', async () => {
  const { result, connection } = await run({ open: () => ({ ok: true, value: ends()[0] }), end: () => true })
  assert.ok(result.reached)
  assert.equal(
    result.steps.map(({ name, ok }) => [name, ok]),
    [
      ['relay', true],
      ['shell listener', true],
      ['shell login', false],
      ['console listener', true],
      ['console host key', true],
    ],
  )
  assert.equal(result.steps[0], { name: 'relay', ok: true, detail: 'logged in to relay:443 a second time', tookMs: 70 })
  assert.equal(result.reached && Object.keys(result.faults), ['shell'])
  assert.is(connection.asked.at(-1), 'end')
  assert.ok(connection.closed.aborted)
})

test('says nothing of the ends where the second connection cannot be made', async () => {
  const failure = { state: 'no-relay', cause: 'relay:443 does not answer' } as const
  const { result, connection } = await run({}, failure)
  assert.equal(result, {
    reached: false,
    failure,
    steps: [{ name: 'relay', ok: false, detail: 'relay:443 does not answer', tookMs: 70 }],
  })
  assert.equal(connection.asked, [])
})

test('a relay that does not say goodbye is cut', async () => {
  const { connection, clock } = await run({ open: () => ({ ok: false, cause: 'connection refused' }) })
  assert.ok(connection.closed.aborted)
  assert.is(clock.nowMs(), 100_000)
  assert.is(clock.sleeping, 0)
})

test('aborted before, it proves nothing, and leaves no connection', async () => {
  const over = new AbortController()
  over.abort()
  const { result, connection } = await run({ open: () => ({ ok: true, value: ends()[0] }) }, undefined, over)
  assert.equal(result.reached && Object.keys(result.faults), ['shell', 'console'])
  assert.ok(connection.closed.aborted)
})

test.run()
