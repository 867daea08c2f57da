import { PassThrough } from 'node:stream'
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { ends, ScriptedConnection, settle } from '../ssh/testing/scripted-connection.ts'
import { greets, probe } from './probe.ts'

const test = suite('probe')
const ever = () => new AbortController().signal
const GREETING = 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n'

/** A probe of listener 20100, and the end behind it. */
function probing(signal = ever(), isAnswered = true) {
  const [stream, far] = ends()
  far.on('error', () => {})
  let nowMs = 1_000
  const connection = new ScriptedConnection(isAnswered ? { 'open 20100': () => ({ ok: true, value: stream }) } : {})
  const result = probe(connection, { listener: 20_100, nowMs: () => nowMs, signal })
  return { result, stream, far, pass: (ms: number) => (nowMs += ms) }
}

test('is good when an SSH server greets, and says how long that took', async () => {
  const { result, stream, far, pass } = probing()
  await settle()
  pass(40)
  far.write(GREETING)
  assert.equal(await result, { ok: true, tookMs: 40 })
  assert.ok(stream.destroyed, 'nothing is left open')
})

test('tells the server nothing', async () => {
  const { result, far } = probing()
  let heard = 0
  far.on('data', () => heard++)
  far.write(GREETING)
  await result
  await settle()
  assert.is(heard, 0)
})

for (const [what, act, cause] of [
  ['a web server', far => far.write('HTTP/1.1 400 Bad Request\r\n'), 'leads to something that is not SSH'],
  ['a short text that is not a greeting', far => far.write('?'), 'leads to something that is not SSH'],
  ['a beginning that goes on otherwise', far => far.write('SSX-2.0'), 'leads to something that is not SSH'],
  ['an end', far => far.end(), 'leads nowhere: no SSH greeting came back'],
  ['an end within the greeting', far => far.end('SS'), 'leads nowhere: no SSH greeting came back'],
  ['a broken channel', far => far.destroy(new Error('reset')), 'leads nowhere: no SSH greeting came back'],
] as [string, (far: PassThrough) => unknown, string][]) {
  test(`is not good for ${what}`, async () => {
    const { result, stream, far } = probing()
    await settle()
    act(far as unknown as PassThrough)
    assert.equal(await result, { ok: false, cause: `listener 20100 ${cause}` })
    assert.ok(stream.destroyed)
  })
}

test('is not good when the relay cannot open its listener', async () => {
  const connection = new ScriptedConnection({ open: () => ({ ok: false, cause: 'connection refused' }) })
  const result = await probe(connection, { listener: 20_100, nowMs: () => 0, signal: ever() })
  assert.equal(result, { ok: false, cause: 'the relay cannot open its listener 20100: connection refused' })
})

test('ends when aborted: before the channel, before the greeting, before the call', async () => {
  for (const isAnswered of [true, false]) {
    const over = new AbortController()
    const { result, stream } = probing(over.signal, isAnswered)
    await settle()
    over.abort()
    const found = await result
    assert.ok(!found.ok && /in time/.test(found.cause), JSON.stringify(found))
    assert.is(stream.destroyed, isAnswered)
  }
  assert.not((await probing(AbortSignal.abort()).result).ok)
})

test('a greeting that comes in pieces is one, at whichever point it is cut', async () => {
  for (let at = 0; at < GREETING.length; at++) {
    const stream = new PassThrough()
    const found = greets(stream, ever())
    stream.write(GREETING.slice(0, at))
    await settle()
    stream.write(GREETING.slice(at))
    assert.is(await found, undefined, `cut at ${at}`)
  }
})

test('a wait for a greeting ends when aborted, also before the call', async () => {
  const over = new AbortController()
  const found = greets(new PassThrough(), over.signal)
  over.abort()
  assert.is(await found, 'leads nowhere: no SSH greeting came back in time')
  assert.is(await greets(new PassThrough(), AbortSignal.abort()), 'leads nowhere: no SSH greeting came back in time')
})

test.run()
