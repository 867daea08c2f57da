import type { Duplex } from 'node:stream'
import * as assert from 'uvu/assert'
import type { DeviceConfig } from '../../formats/device-config.ts'
import { within } from '../../runtime/waiting.ts'
import { suite } from '../../testbed/suite.ts'
import { FakeClock } from '../loop/testing/fake-clock.ts'
import type { Connect, Fault } from '../ssh/connection.ts'
import { ends, ScriptedConnection, says } from '../ssh/testing/scripted-connection.ts'
import { type LoginResult, loginThrough } from './in-band-login.ts'
import type { End } from './prove-end.ts'

const test = suite('in-band-login')

const CONFIG = {
  shell: { hostKeyFile: '/key' },
  bridge: { hostKey: 'ssh-ed25519 BRIDGE' },
  selftest: { user: 'oobm-selftest' },
} as DeviceConfig
const LISTENERS = { shell: 20_100, console: 20_101 }
const STEP_MS = 20_000

type Behaviour = 'well' | 'closed' | 'silent' | 'not open' | 'never open'

/** A login against ends that behave so. */
async function login(ends_: Record<End, Behaviour>, over = new AbortController()) {
  const clock = new FakeClock()
  const streams: Duplex[] = []
  const leads = new Map<Duplex, End>()
  const takes = (ms: number) => clock.sleep(ms, new AbortController().signal)
  const open = (end: End) => async () => {
    await takes(300)
    if (ends_[end] === 'never open') return new Promise(() => {})
    if (ends_[end] === 'not open') return { ok: false, cause: 'connection refused' }
    const [stream] = ends()
    streams.push(stream)
    leads.set(stream, end)
    return { ok: true, value: stream }
  }
  const connection = new ScriptedConnection({ 'open 20100': open('shell'), 'open 20101': open('console') })
  const connect: Connect = async ({ stream, credentials }) => {
    const end = leads.get(stream) as End
    const failed = (kind: Fault['kind']) => ({ ok: false as const, fault: { kind, detail: 'reset' } })
    if (ends_[end] === 'closed') return failed('closed')
    if (ends_[end] === 'silent') return new Promise(() => {})
    if (credentials === undefined) return failed('authentication')
    await takes(500)
    return { ok: true, connection: new ScriptedConnection({ exec: () => says('', 0), end: () => true }) }
  }
  const running = loginThrough(connection, {
    ...{ config: CONFIG, key: { privateKey: 'key', markers: '/markers' }, connect, clock, ident: 'oobm_selftest' },
    files: { hostKey: async () => 'ssh-ed25519 SHELL', appeared: async () => true, forget: async () => {} },
    listeners: LISTENERS,
    step: async run => {
      const outcome = await within(STEP_MS, [over.signal], run, { clock })
      return outcome.kind === 'done' ? outcome.value : undefined
    },
  })
  await clock.runUntil(200_000)
  return { ...(await running), streams, clock, connection }
}

const steps = ({ steps }: LoginResult) => steps.map(({ name, ok }) => `${name} ${ok ? 'ok' : 'failed'}`)

test('proves both ends, each in two steps with its own time', async () => {
  const found = await login({ shell: 'well', console: 'well' })
  assert.equal(found.faults, {})
  assert.equal(steps(found), ['shell listener ok', 'shell login ok', 'console listener ok', 'console host key ok'])
  assert.equal(
    found.steps.map(({ tookMs }) => tookMs),
    [300, 500, 300, 0],
  )
  assert.equal(
    found.steps.map(({ detail }) => detail.replace(/:\d+ on/, ':N on')),
    [
      '127.0.0.1:N on the relay opens',
      'logged in through it, and the marker file appeared',
      '127.0.0.1:N on the relay opens',
      'the console bridge answers with its own host key',
    ],
  )
  for (const stream of found.streams) assert.ok(stream.destroyed)
  assert.is(found.clock.sleeping, 0)
})

for (const [end, other, step] of [
  ['shell', 'console', 'shell login'],
  ['console', 'shell', 'console host key'],
] as const) {
  test(`a ${end} that cannot be proved is named, and the ${other} is proved all the same`, async () => {
    const found = await login({ shell: 'well', console: 'well', [end]: 'closed' })
    assert.equal(Object.keys(found.faults), [end])
    assert.match(found.faults[end] ?? '', `through listener ${LISTENERS[end]}, the connection was closed`)
    assert.ok(steps(found).includes(`${step} failed`))
    for (const stream of found.streams) assert.ok(stream.destroyed)
  })

  test(`a ${end} listener that does not open is named, with its cause or the time that was over`, async () => {
    const closed = await login({ shell: 'well', console: 'well', [end]: 'not open' })
    const cannot = `the relay cannot open its listener ${LISTENERS[end]}`
    assert.is(closed.faults[end], `${cannot}: connection refused`)
    assert.equal(
      steps(closed).filter(step => step.startsWith(end)),
      [`${end} listener failed`],
    )
    assert.is(closed.steps.length, 3)
    const silent = await login({ shell: 'well', console: 'well', [end]: 'never open' })
    assert.is(silent.faults[end], `${cannot}: no answer in time`)
  })
}

test('each step has a time of its own: one that hangs takes none from those after it', async () => {
  const found = await login({ shell: 'silent', console: 'silent' })
  assert.equal(
    found.steps.map(({ tookMs }) => tookMs),
    [300, STEP_MS, 300, STEP_MS],
  )
  for (const end of ['shell', 'console'] as const) {
    assert.is(found.faults[end], `through listener ${LISTENERS[end]}, the SSH server did not answer in time`)
  }
  for (const stream of found.streams) assert.ok(stream.destroyed)
})

test('ends when aborted before, and asks for nothing', async () => {
  const over = new AbortController()
  over.abort()
  const found = await login({ shell: 'well', console: 'well' }, over)
  assert.equal(Object.keys(found.faults), ['shell', 'console'])
  assert.equal(found.connection.asked, [])
})

test.run()
