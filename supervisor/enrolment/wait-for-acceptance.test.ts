import { setImmediate as nextTurn } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import type { EnrolmentRequest } from '../../formats/enrolment.ts'
import { newKeyPair } from '../../formats/private-key.ts'
import { suite } from '../../testbed/suite.ts'
import type { Failure } from '../failure.ts'
import { relayNamed, testContext } from '../loop/testing/context.ts'
import { FakeStream } from '../loop/testing/fake-stream.ts'
import type { Connection, ConnectOptions } from '../ssh/connection.ts'
import { waitForAcceptance } from './wait-for-acceptance.ts'

const test = suite('wait-for-acceptance')

const key = newKeyPair('').publicKey
const REQUEST: EnrolmentRequest = {
  ...{ relayKey: key, bridgeHostKey: key, shellHostKey: key },
  ...{ site: 'tokyo', board: 'a1', software: '0', adapters: [] },
}

/** Relays that answer a word, or end the command with a code. */
async function asked(answers: Record<string, string | number>, turns: number) {
  const stopping = new AbortController()
  const made = testContext({ signal: stopping.signal })
  const relays = Object.keys(answers).map(host => ({ ...relayNamed(host), hostKeys: [host] }))
  const asks: string[] = []
  const connection = (host: string, isOwn: boolean) =>
    ({
      localAddress: undefined,
      closed: new AbortController().signal,
      destroy: () => {},
      exec: async () => {
        if (isOwn) return { ok: false, cause: '' }
        asks.push(host)
        const answer = answers[host]
        const stream = new FakeStream()
        if (typeof answer === 'string') stream.say(`${answer}\n`)
        else setImmediate(() => stream.emit('close'))
        return { ok: true, value: { stream: stream.asDuplex, exited: Promise.resolve(answer) } }
      },
    }) as unknown as Connection
  const context = {
    ...made,
    config: { ...made.config, relays },
    dial: async () => ({
      ok: true as const,
      transport: { stream: new FakeStream().asDuplex, localAddress: undefined, via: { kind: 'direct' } } as never,
    }),
    connect: async ({ hostKeys, credentials }: ConnectOptions) => {
      const [host = ''] = hostKeys ?? []
      const isOwn = credentials?.privateKey === 'own'
      if (isOwn) asks.push(`${host} with its own key`)
      return { ok: true as const, connection: connection(host, isOwn) }
    },
    credentials: { privateKey: 'own' },
  }
  const said: { failure: Failure | undefined; retryInMs: number }[] = []
  const over = waitForAcceptance(context, {
    ...{ key: { privateKey: 'site' }, siteSecret: '0'.repeat(32), settings: {} as never },
    ownRequest: async () => ({ ok: true, value: REQUEST }),
    publish: (failure, retryInMs) => said.push({ failure, retryInMs }),
  })
  for (let at = 0; said.length < turns && at < 100_000; at++) {
    await nextTurn()
    await made.clock.runUntil(made.clock.nowMs() + 100)
  }
  stopping.abort()
  await over
  return { asks, said }
}

test('a board that waits asks one relay after the other: it may be accepted for one of them alone', async () => {
  const { asks, said } = await asked({ a: 'waiting', b: 'accepted' }, 2)
  assert.equal(asks, ['a', 'b', 'b with its own key'])
  assert.match(said[0]?.failure?.cause ?? '', /^waits until/)
  assert.match(said[1]?.failure?.cause ?? '', /^accepted by the operator, but/)
})

test('a relay that is full does not keep it from another one', async () => {
  const { asks, said } = await asked({ a: 'full', b: 'waiting' }, 1)
  assert.equal(asks, ['a', 'b'])
  assert.match(said[0]?.failure?.cause ?? '', /^waits until/)
  const { said: alone } = await asked({ a: 'full' }, 1)
  assert.match(alone[0]?.failure?.cause ?? '', /takes no more boards/)
})

test('one that is busy is asked again soon, and nobody is told that the card file has expired', async () => {
  const { said } = await asked({ a: 75 }, 1)
  const [{ failure, retryInMs } = { failure: undefined, retryInMs: 0 }] = said
  assert.is(failure?.state, 'enrolling')
  assert.match(failure?.cause ?? '', /^a:443 is busy with other boards/)
  assert.ok(retryInMs <= 60_000)
  const { said: other } = await asked({ a: 1 }, 1)
  assert.is(other[0]?.failure?.state, 'refused')
  assert.not.match(other[0]?.failure?.cause ?? '', /expired/)
})

test('one that has waited for an hour asks rarely: its line may be paid for by the byte', async () => {
  const { said } = await asked({ a: 'waiting' }, 160)
  assert.ok((said[0]?.retryInMs ?? 0) <= 36_000)
  assert.ok((said.at(-1)?.retryInMs ?? 0) >= 240_000)
})

test.run()
