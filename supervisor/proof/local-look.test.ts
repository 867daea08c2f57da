import type { Duplex } from 'node:stream'
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { FakeClock } from '../loop/testing/fake-clock.ts'
import type { DialLocal } from '../network/dial-local.ts'
import { ends, settle } from '../ssh/testing/scripted-connection.ts'
import { lookAt } from './local-look.ts'
import type { End } from './prove-end.ts'

const test = suite('local-look')

function looking(end: End, dial?: DialLocal, signal = new AbortController().signal) {
  const clock = new FakeClock()
  const [near, far] = ends()
  const ports: number[] = []
  const dialLocal: DialLocal = async (port, over) => {
    ports.push(port)
    return dial ? dial(port, over) : { ok: true, value: near }
  }
  const found = lookAt(end, { ports: { shell: 22, console: 2_222 }, dialLocal, clock, greetMs: 5_000, signal })
  return { found, clock, near, far, ports }
}

test('finds no fault if an SSH server greets, and closes the connection', async () => {
  for (const [end, port] of [
    ['shell', 22],
    ['console', 2_222],
  ] as const) {
    const { found, near, far, ports, clock } = looking(end)
    far.write('SSH-2.0-x\r\n')
    assert.is(await found, undefined)
    assert.equal(ports, [port])
    await settle()
    assert.ok(near.destroyed)
    assert.is(clock.sleeping, 0)
  }
})

for (const [end, name, unit, port] of [
  ['shell', 'sshd', 'ssh', 22],
  ['console', 'console bridge', 'oobm-console', 2_222],
] as const) {
  const described = (what: string) => `this device's ${name} ${what}: systemctl status ${unit}`

  test(`names the ${name} that does not accept, sends something else, or closes`, async () => {
    const refused = looking(end, async () => ({ ok: false, cause: 'nothing listens there' }))
    assert.is(await refused.found, described(`does not answer on 127.0.0.1:${port} (nothing listens there)`))
    for (const act of [(far: Duplex) => far.write('HTTP/1.1 200\r\n'), (far: Duplex) => far.end()]) {
      const { found, near, far } = looking(end)
      act(far)
      assert.is(await found, described(`accepts connections on 127.0.0.1:${port} and sends no SSH greeting`))
      await settle()
      assert.ok(near.destroyed)
    }
  })

  test(`names the ${name} that is stopped: it accepts and sends nothing, or does not accept`, async () => {
    for (const dial of [undefined, () => new Promise<never>(() => {})]) {
      const { found, clock, near } = looking(end, dial)
      await clock.runUntil(4_999)
      await clock.runUntil(5_000)
      assert.is(await found, described(`does not answer on 127.0.0.1:${port} in time`))
      await settle()
      assert.is(near.destroyed, dial === undefined)
    }
  })
}

test('an abort is not a fault, also before the call', async () => {
  const over = new AbortController()
  const { found, near } = looking('shell', undefined, over.signal)
  await settle()
  over.abort()
  assert.is(await found, undefined)
  await settle()
  assert.ok(near.destroyed)
  const before = looking('shell', undefined, AbortSignal.abort())
  assert.is(await before.found, undefined)
  assert.equal(before.ports, [])
})

test.run()
