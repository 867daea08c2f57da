import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { type Message, serviceManager } from './systemd.ts'

const test = suite('systemd')
const ENV = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '20000000' }

/** A manager with a clock in `time.ms`, whose sending ends when `answer` is called. */
function manager(env: NodeJS.ProcessEnv = ENV) {
  const time = { ms: 0 }
  const sent: string[] = []
  const errors: unknown[] = []
  let pending: { resolve(): void; reject(err: unknown): void } | undefined
  const send = (message: Message) => {
    assert.is(pending, undefined, 'one at a time')
    sent.push([...message].map(([name, value]) => `${name}=${value}`).join(' '))
    return new Promise<void>((resolve, reject) => {
      pending = { resolve, reject }
    })
  }
  const answer = async (failure?: unknown) => {
    assert.ok(pending, 'nothing is being sent')
    const { resolve, reject } = pending as NonNullable<typeof pending>
    pending = undefined
    if (failure === undefined) resolve()
    else reject(failure)
    await new Promise(setImmediate)
  }
  return {
    ...{ time, sent, errors, answer },
    to: serviceManager(
      env,
      () => time.ms,
      err => errors.push(err),
      send,
    ),
  }
}

test('feeds the watchdog three times in its period, however often the loop turns', async () => {
  const { time, sent, answer, to } = manager()
  for (; time.ms < 20_000; time.ms += 100) {
    const before = sent.length
    to.progress()
    if (sent.length > before) await answer()
  }
  assert.equal(sent, ['WATCHDOG=1', 'WATCHDOG=1', 'WATCHDOG=1'])
})

test('sends one message at a time, and joins what comes meanwhile', async () => {
  const { sent, answer, to } = manager()
  to.ready()
  to.status('no-relay: ECONNREFUSED')
  to.progress()
  to.status('ready: proved\n\u009b2J')
  assert.equal(sent, ['READY=1'])
  await answer()
  assert.equal(sent.slice(1), ['STATUS=ready: proved??2J WATCHDOG=1'])
  await answer()
  assert.is(sent.length, 2)
})

test('what could not be sent goes with the next sign of progress, and is told of once', async () => {
  const { time, sent, errors, answer, to } = manager()
  to.ready()
  await answer('EMFILE')
  to.status('unproved')
  assert.is(sent.length, 1, 'not at once: it would fail again')
  time.ms += 1_000
  to.progress()
  assert.is(sent.at(-1), 'READY=1 STATUS=unproved WATCHDOG=1')
  await answer('EMFILE')
  time.ms += 1_000
  to.progress()
  assert.is(sent.at(-1), 'READY=1 STATUS=unproved WATCHDOG=1')
  await answer()
  assert.equal(errors, ['EMFILE'])
  time.ms += 20_000
  to.progress()
  assert.is(sent.at(-1), 'WATCHDOG=1')
})

test('asks for a longer watchdog once, feeds that one, and never asks for less than the unit has', async () => {
  const { time, sent, answer, to } = manager()
  to.extendWatchdog(60_000)
  to.extendWatchdog(60_000)
  assert.equal([sent, to.watchdogMs], [['WATCHDOG_USEC=60000000'], 60_000])
  await answer()
  to.progress()
  await answer()
  time.ms += 19_999
  to.progress()
  assert.is(sent.length, 2)
  to.extendWatchdog(1_000)
  assert.equal([sent.at(-1), to.watchdogMs], ['WATCHDOG_USEC=20000000', 20_000])
})

test('without systemd nothing is sent, and without a watchdog none is fed', async () => {
  const alone = manager({})
  alone.to.ready()
  alone.to.progress()
  const unwatched = manager({ NOTIFY_SOCKET: '/x' })
  unwatched.to.progress()
  unwatched.to.extendWatchdog(60_000)
  assert.equal([alone.sent, unwatched.sent, unwatched.to.watchdogMs], [[], [], undefined])
})

test.run()
