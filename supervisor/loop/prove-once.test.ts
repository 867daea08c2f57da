import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import type { End } from '../proof/prove-end.ts'
import type { SelfTestResult } from '../proof/self-test.ts'
import type { Connect } from '../ssh/connection.ts'
import { ScriptedConnection, says } from '../ssh/testing/scripted-connection.ts'
import type { Tunnel } from '../tunnel/establish.ts'
import type { Context } from './ports.ts'
import { type Mode, proveOnce } from './prove-once.ts'
import { testContext } from './testing/context.ts'
import { FakeStream } from './testing/fake-stream.ts'

const test = suite('prove-once')

/** What an end does: through the relay's listener, and on this device itself. */
type Health = 'well' | 'refused' | 'mute' | 'other key'

interface Scene {
  mode?: Mode
  through?: Partial<Record<End, Health>>
  here?: Partial<Record<End, Health>>
  selfTest?: SelfTestResult
  listening?: 'yes' | 'no' | 'unknown' | 'nothing' | 'hangs' | 'no control'
  localFault?: string
  unreached?: string
  over?: AbortController
}

const UNREACHED: SelfTestResult = {
  reached: false,
  failure: { state: 'no-relay', cause: 'relay:443 does not answer' },
  steps: [{ name: 'relay', ok: false, detail: 'relay:443 does not answer', tookMs: 5 }],
}
const REACHED: SelfTestResult = { reached: true, steps: [], faults: {} }

async function prove(scene: Scene) {
  const { mode = 'login', through = {}, here = {}, listening = 'yes', over = new AbortController() } = scene
  const leading = (health: Health) => {
    const stream = new FakeStream()
    stream.leadsTo = health
    if (health !== 'mute') stream.say('SSH-2.0-OpenSSH\r\n')
    return stream.asDuplex
  }
  const connect: Connect = async ({ stream, credentials }) => {
    const health = (stream as unknown as FakeStream).leadsTo as Health
    if (health === 'mute') return new Promise(() => {})
    if (health === 'other key') return { ok: false, fault: { kind: 'host-key', detail: 'SHA256:x' } }
    if (credentials === undefined) return { ok: false, fault: { kind: 'authentication', detail: '' } }
    return { ok: true, connection: new ScriptedConnection({ exec: () => says('', 0), end: () => true }) }
  }
  const open = (end: End) => () => {
    const health = through[end] ?? 'well'
    return health === 'refused' ? { ok: false, cause: 'connection refused' } : { ok: true, value: leading(health) }
  }
  const connection = new ScriptedConnection({ 'open 20100': open('shell'), 'open 20101': open('console') })
  const changes: Partial<Context> = {
    connect,
    localFault: () => scene.localFault,
    dialLocal: async port => {
      const health = here[port === 22 ? 'shell' : 'console'] ?? 'well'
      return health === 'refused' ? { ok: false, cause: 'nothing listens there' } : { ok: true, value: leading(health) }
    },
  }
  const context = testContext(changes)
  let asked = 0
  const control = {
    listening: async () => {
      asked++
      if (listening === 'hangs') return new Promise<never>(() => {})
      return listening === 'nothing' || listening === 'no control' ? undefined : listening
    },
  }
  const tunnel = { connection, control: listening === 'no control' ? undefined : control } as unknown as Tunnel
  const proving = proveOnce(tunnel, mode, {
    context,
    over: over.signal,
    unreached: scene.unreached,
    selfTest: async () => scene.selfTest ?? REACHED,
  })
  await context.clock.runUntil(600_000)
  const proof = await proving
  return {
    proof,
    asked,
    opened: connection.asked,
    names: proof.steps.map(({ name }) => name),
    sleeping: context.clock.sleeping,
  }
}

test('a login through the tunnel proves it, and asks for no second connection', async () => {
  const { proof, asked, names } = await prove({})
  assert.ok(proof.ok && proof.by === 'login' && proof.note === undefined)
  assert.equal(names, ['shell listener', 'shell login', 'console listener', 'console host key'])
  assert.is(asked, 0)
})

test('a self-test proves it, and needs no login beside', async () => {
  const { proof, opened } = await prove({ mode: 'self-test' })
  assert.ok(proof.ok && proof.by === 'self-test' && proof.note === undefined)
  assert.equal(opened, [])
})

test('where no second connection can be made, the login proves it, if the relay says that others can make one', async () => {
  const { proof, names } = await prove({ mode: 'self-test', selfTest: UNREACHED, listening: 'yes' })
  assert.ok(proof.ok && proof.by === 'login')
  const note =
    'new connections from this device to the relay fail: relay:443 does not answer; proved through the tunnel'
  assert.is(proof.ok && proof.note, note)
  assert.equal(names.slice(0, 2), ['relay', 'relay listens'])
})

for (const listening of ['no', 'unknown', 'nothing', 'hangs', 'no control'] as const) {
  test(`where the relay says "${listening}", it is not proved, and the tunnel is kept`, async () => {
    const { proof, sleeping } = await prove({ mode: 'self-test', selfTest: UNREACHED, listening })
    assert.not(proof.ok)
    assert.ok(!proof.ok && proof.keep)
    assert.match(
      proof.ok ? '' : proof.cause,
      /^new connections .*: relay:443 does not answer, and the relay does not say that others can connect$/,
    )
    assert.is(
      !proof.ok && proof.unreached,
      'new connections from this device to the relay fail: relay:443 does not answer',
    )
    assert.ok(proof.steps.some(({ name, ok }) => name === 'relay listens' && !ok))
    assert.is(sleeping, 0)
  })
}

test('after a round that reached nobody, a login proves only what the relay’s state allows', async () => {
  const unreached = 'new connections fail'
  const well = await prove({ unreached, listening: 'yes' })
  assert.is(well.proof.ok && well.proof.note, 'new connections fail; proved through the tunnel')
  const not = await prove({ unreached, listening: 'no' })
  assert.ok(!not.proof.ok && not.proof.keep && not.proof.unreached === unreached)
})

test('a self-test that found a fault is not the end: the login through the tunnel decides, and the fault is told', async () => {
  const selfTest: SelfTestResult = { reached: true, steps: [], faults: { console: 'through listener 20101, nothing' } }
  const { proof, asked } = await prove({ mode: 'self-test', selfTest })
  assert.is(asked, 0)
  assert.is(
    proof.ok && proof.note,
    'the self-test over a second connection failed: through listener 20101, nothing; proved through the tunnel',
  )
})

for (const end of ['shell', 'console'] as const) {
  test(`a ${end} that only the relay does not reach is the relay’s fault: not kept`, async () => {
    for (const health of ['refused', 'mute', 'other key'] as const) {
      const { proof } = await prove({ through: { [end]: health } })
      assert.ok(!proof.ok && !proof.keep, health)
      assert.match(proof.ok ? '' : proof.cause, end === 'shell' ? '20100' : '20101')
    }
  })

  test(`a ${end} that fails here, too, is this device’s fault: named, and the tunnel is kept`, async () => {
    for (const health of ['refused', 'mute', 'other key'] as const) {
      const { proof, sleeping } = await prove({ through: { [end]: health }, here: { [end]: health } })
      assert.ok(!proof.ok && proof.keep, health)
      assert.match(proof.ok ? '' : proof.cause, new RegExp(`127\\.0\\.0\\.1:${end === 'shell' ? 22 : 2222}`))
      assert.match(proof.ok ? '' : proof.cause, /^(this|on this) device's/)
      assert.is(sleeping, 0)
    }
  })
}

test('an end that is well here and through the relay hides no fault of the other', async () => {
  const { proof } = await prove({ through: { shell: 'refused', console: 'mute' }, here: { console: 'mute' } })
  assert.ok(!proof.ok && proof.keep, 'what is wrong here is told first')
  assert.match(proof.ok ? '' : proof.cause, 'console bridge')
})

test('what is known to be wrong here is told without asking anybody', async () => {
  const { proof, opened } = await prove({ mode: 'self-test', localFault: "this device's sshd is stopped" })
  assert.ok(!proof.ok && proof.keep && proof.cause === "this device's sshd is stopped")
  assert.equal(opened, [])
})

test('a login that fails beside a self-test that reached nobody is told as its own fault', async () => {
  const { proof } = await prove({ mode: 'self-test', selfTest: UNREACHED, through: { shell: 'refused' } })
  assert.ok(!proof.ok && !proof.keep && proof.unreached === undefined)
  assert.match(proof.ok ? '' : proof.cause, 'the relay cannot open its listener 20100')
})

test('a proof that took long says so', async () => {
  const { proof } = await prove({ mode: 'self-test', selfTest: UNREACHED, listening: 'hangs' })
  assert.is(proof.tookMs, 20_000)
  const slow = await prove({ unreached: 'x', listening: 'yes' })
  assert.not(/slow/.test((slow.proof.ok && slow.proof.note) || ''))
})

test('ends when aborted before, and asks nobody', async () => {
  const over = new AbortController()
  over.abort()
  const { proof, opened, sleeping } = await prove({ over, unreached: 'x' })
  assert.not(proof.ok)
  assert.equal(opened, [])
  assert.is(sleeping, 0)
})

test.run()
