import type { Duplex } from 'node:stream'
import * as assert from 'uvu/assert'
import type { RelayConfig } from '../../formats/device-config.ts'
import { suite } from '../../testbed/suite.ts'
import type { Dialled, DialOptions } from '../../transport/dial.ts'
import type { DialFailure } from '../../transport/dial-failure.ts'
import { FakeClock } from '../loop/testing/fake-clock.ts'
import { FakeStream } from '../loop/testing/fake-stream.ts'
import type { ConnectOptions, Credentials, Fault } from '../ssh/connection.ts'
import { ScriptedConnection, settle } from '../ssh/testing/scripted-connection.ts'
import { type ReachOptions, reachRelay } from './reach-relay.ts'

const test = suite('reach-relay')

const RELAY = { host: 'relay.example', port: 443, user: 'oobm', hostKeys: ['ssh-ed25519 AAAA'] } as RelayConfig
const STEP_MS = 20_000
const SYN_MS = 2_000

interface Scene {
  dial?: (options: DialOptions) => Promise<Dialled>
  connect?: ReachOptions['connect']
  credentials?: Credentials
  signal?: AbortSignal
}

function reaching({ dial, connect, credentials = { privateKey: 'key' }, signal }: Scene = {}) {
  const clock = new FakeClock()
  const stream = new FakeStream()
  const connection = new ScriptedConnection()
  const dialled: DialOptions[] = []
  const logins: ConnectOptions[] = []
  const via = { rung: 'direct' } as const
  const transport = { stream: stream as unknown as Duplex, via, localAddress: '192.0.2.7', remoteAddress: '192.0.2.1' }
  const reached = reachRelay({
    ...{
      relay: RELAY,
      credentials,
      clock,
      synMs: SYN_MS,
      greetMs: STEP_MS / 2,
      stepMs: STEP_MS,
      ident: 'oobm_selftest',
    },
    signal: signal ?? new AbortController().signal,
    dial: async options => {
      dialled.push(options)
      return dial ? dial(options) : { ok: true, transport }
    },
    connect: async options => {
      logins.push(options)
      return connect ? connect(options) : { ok: true, connection }
    },
  })
  return { reached, clock, stream, connection, dialled, logins, transport }
}

test('logs in over the connection that was dialled, with what the configuration pins', async () => {
  const { reached, connection, dialled, logins, stream } = reaching()
  const found = await reached
  assert.ok(found.ok && found.connection === connection)
  const [dial] = dialled
  assert.equal(
    { host: dial?.host, port: dial?.port, synMs: dial?.synMs, timeoutMs: dial?.timeoutMs },
    { host: 'relay.example', port: 443, synMs: SYN_MS, timeoutMs: SYN_MS + STEP_MS / 2 },
  )
  const { nowMs: _, signal: __, stream: over, ...login } = logins[0] as ConnectOptions
  assert.is(over, stream as never)
  assert.equal(login, {
    localAddress: '192.0.2.7',
    user: 'oobm',
    credentials: { privateKey: 'key' },
    hostKeys: ['ssh-ed25519 AAAA'],
    ident: 'oobm_selftest',
  })
  assert.not(stream.destroyed)
})

test('a login that is not tried to be answered for long ends at its own deadline, not at what dialling left of one', async () => {
  const hangs = new Promise<never>(() => {})
  const { reached, clock, stream } = reaching({ connect: () => hangs })
  await clock.runUntil(STEP_MS - 1)
  assert.not(stream.destroyed)
  await clock.runUntil(STEP_MS)
  const found = await reached
  assert.ok(!found.ok && found.failure.state === 'no-relay')
  assert.match(found.failure.cause, 'stops answering during the login')
  assert.ok(stream.destroyed)
})

test('a dialler that does not end is not waited for, and what it brings late is closed', async () => {
  let bring: (dialled: Dialled) => void = () => {}
  const { reached, clock, stream, transport } = reaching({
    dial: () =>
      new Promise(resolve => {
        bring = resolve
      }),
  })
  await clock.runUntil(SYN_MS + STEP_MS / 2 + 1_000)
  const found = await reached
  assert.ok(!found.ok && found.failure.state === 'no-relay')
  assert.match(found.failure.cause, 'may be blocked on this network')
  bring({ ok: true, transport })
  await settle()
  assert.ok(stream.destroyed)
})

test('a login that comes late is closed', async () => {
  const late = new ScriptedConnection()
  let bring = () => {}
  const { reached, clock } = reaching({
    connect: () =>
      new Promise(resolve => {
        bring = () => resolve({ ok: true, connection: late })
      }),
  })
  await clock.runUntil(STEP_MS)
  assert.not((await reached).ok)
  bring()
  await settle()
  assert.ok(late.closed.aborted)
})

test('ends when aborted, while it dials and while it logs in, and does nothing when aborted before', async () => {
  const hangs = new Promise<never>(() => {})
  for (const scene of [{ dial: () => hangs }, { connect: () => hangs }]) {
    const over = new AbortController()
    const { reached, clock, stream, logins } = reaching({ ...scene, signal: over.signal })
    await settle()
    over.abort()
    assert.not((await reached).ok)
    assert.is(stream.destroyed, logins.length > 0)
    await settle()
    assert.is(clock.sleeping, 0)
  }
  const { reached, dialled } = reaching({ signal: AbortSignal.abort() })
  assert.not((await reached).ok)
  assert.is(dialled.length, 0)
})

test('says why nothing could be dialled, and whether the relay has too much to do', async () => {
  for (const [kind, turnedAway] of [
    ['refused', undefined],
    ['turned-away', true],
  ] as const) {
    const failure: DialFailure = { kind, cause: `it is ${kind}` }
    const { reached, logins } = reaching({ dial: async () => ({ ok: false, failure }) })
    const found = await reached
    assert.not(found.ok)
    assert.equal(!found.ok && found.failure, {
      state: 'no-relay',
      cause: `it is ${kind}`,
      ...(turnedAway && { turnedAway }),
    })
    assert.is(logins.length, 0)
  }
})

const FAULTS: [Fault['kind'], state: 'refused' | 'no-relay', cause: string][] = [
  [
    'host-key',
    'refused',
    'relay.example:443 shows host key DETAIL, which is not the pinned one: nothing was sent to it',
  ],
  ['authentication', 'refused', "relay.example:443 does not accept the login oobm with this device's key"],
  ['algorithms', 'refused', 'have no host key type or cipher in common: DETAIL'],
  ['own-key', 'refused', "this device's own key cannot be used: DETAIL"],
  ['not-ssh', 'no-relay', 'something that is not an SSH server'],
  ['silent', 'no-relay', 'stops answering during the login'],
  ['closed', 'no-relay', 'broke during the login: DETAIL'],
]

for (const [kind, state, cause] of FAULTS) {
  test(`a login that fails by ${kind} is ${state}, and says why`, async () => {
    const { reached } = reaching({ connect: async () => ({ ok: false, fault: { kind, detail: 'DETAIL' } }) })
    const found = await reached
    if (found.ok) throw new Error('it is there')
    assert.is(found.failure.state, state)
    assert.match(found.failure.cause, cause)
  })
}

test('a device with a password is told that it is the password', async () => {
  const fault = { kind: 'authentication', detail: '' } as const
  const { reached } = reaching({ credentials: { password: 'x' }, connect: async () => ({ ok: false, fault }) })
  const found = await reached
  assert.match(found.ok ? '' : found.failure.cause, "with this device's password")
})

test.run()
