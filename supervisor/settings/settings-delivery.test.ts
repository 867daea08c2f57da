import { createHash } from 'node:crypto'
import { Duplex } from 'node:stream'
import * as assert from 'uvu/assert'
import type { RelayConfig } from '../../formats/device-config.ts'
import { DOCUMENT_MAX_BYTES, type SettingsAnswer, type SettingsOffer } from '../../formats/settings-delivery.ts'
import { silentLog } from '../../runtime/log.ts'
import { suite } from '../../testbed/suite.ts'
import { FakeClock } from '../loop/testing/fake-clock.ts'
import type { Connection } from '../ssh/connection.ts'
import type { Control } from '../tunnel/control-channel.ts'
import { type Inbox, SettingsDelivery } from './settings-delivery.ts'

const test = suite('settings delivery')

const RELAY: RelayConfig = { host: 'lon', port: 443, user: 'dev', hostKeys: ['k'] }
const OTHER: RelayConfig = { host: 'par', port: 443, user: 'dev', hostKeys: ['k'] }

/** A relay that has documents, and an `oobm-apply` that answers when the test says so. */
function scene() {
  const clock = new FakeClock()
  const closed = new AbortController()
  const documents = new Map<string, Buffer>()
  const asked: string[] = []
  const put: string[] = []
  const sent: string[] = []
  const events: string[] = []
  let answer: SettingsAnswer | undefined
  let refusal: string | undefined
  const connection = {
    closed: closed.signal,
    exec: async (command: string) => {
      asked.push(command)
      const bytes = documents.get(command.replace('settings ', ''))
      return { ok: true, value: { stream: streamOf(bytes ?? Buffer.from('no such document')), exited: undefined } }
    },
  } as unknown as Connection
  const control = { send: (line: string) => sent.push(line) > 0 } as unknown as Control
  const inbox: Inbox = {
    put: async (_digest, bytes) => {
      put.push(Buffer.from(bytes).toString())
      return refusal
    },
    look: async () => answer,
  }
  const delivery = new SettingsDelivery({ inbox, clock, log: silentLog, onAnswer: one => events.push(one.state) })
  const offerOf = (text: string): SettingsOffer => {
    const bytes = Buffer.from(text)
    const digest = createHash('sha256').update(bytes).digest('hex')
    documents.set(digest, bytes)
    return { type: 'settings', digest, bytes: bytes.length }
  }
  return {
    ...{ clock, delivery, connection, control, documents, asked, put, sent, events, offerOf },
    answers: (next: SettingsAnswer | undefined) => {
      answer = next
    },
    refusesWith: (why: string | undefined) => {
      refusal = why
    },
    pass: (ms: number) => clock.runUntil(clock.nowMs() + ms),
    end: () => closed.abort(),
  }
}

function streamOf(bytes: Buffer): Duplex {
  const parts = [bytes.subarray(0, 3), bytes.subarray(3)]
  return new Duplex({
    read() {
      this.push(parts.shift() ?? null)
    },
    write: (_, __, done) => done(),
  })
}

const applied = (digest: string, serial = 7): SettingsAnswer => ({
  ...{ digest, serial, accepted: serial, state: 'applied' as const, sinceS: 1, cause: '' },
})

test('hands an offered document over once, says so, and passes on each answer once', async () => {
  const { delivery, control, connection, offerOf, pass, put, sent, asked, answers, events, end } = scene()
  const served = delivery.serve(RELAY, control, connection)
  const offer = offerOf('access = "bob is out"')
  delivery.offered(offer, RELAY)
  await pass(3_000)
  assert.equal(put, ['access = "bob is out"'])
  assert.equal(
    sent.map(line => JSON.parse(line.slice('settings '.length))).map(({ digest, state }) => [digest, state]),
    [[offer.digest, 'delivered']],
  )
  answers({ ...applied(offer.digest), state: 'trial', accepted: 6, sinceS: 3 })
  await pass(3_000)
  answers(applied(offer.digest))
  await pass(90_000)
  assert.equal(
    sent.slice(1).map(line => JSON.parse(line.slice('settings '.length)).state),
    ['trial', 'applied'],
  )
  assert.equal(events, ['trial', 'applied'])
  assert.is(asked.length, 1, 'what is decided is not fetched again')
  end()
  await served
})

test('after a restart it tells the relay what is known, and fetches nothing that was answered', async () => {
  const { delivery, control, connection, offerOf, pass, put, sent, answers, end } = scene()
  const offer = offerOf('x')
  answers(applied(offer.digest))
  delivery.offered(offer, RELAY)
  const served = delivery.serve(RELAY, control, connection)
  await pass(3_000)
  assert.equal([put.length, sent.length], [0, 1])
  assert.match(sent[0] ?? '', /"state":"applied"/)
  end()
  await served
})

test('a document that is cut short, or not the one that was named, is not handed over, and is asked for again later', async () => {
  const { delivery, control, connection, documents, offerOf, pass, put, asked, end } = scene()
  const offer = offerOf('a whole document')
  delivery.offered(offer, RELAY)
  documents.set(offer.digest, Buffer.from('a whole'))
  const served = delivery.serve(RELAY, control, connection)
  await pass(30_000)
  assert.equal([put.length, asked.length], [0, 1])
  documents.set(offer.digest, Buffer.from('another document'))
  await pass(60_000)
  assert.equal([put.length, asked.length], [0, 2])
  // What comes after the bytes that were named is not read.
  documents.set(offer.digest, Buffer.from('a whole document and more'))
  await pass(60_000)
  assert.equal(put, ['a whole document'])
  end()
  await served
})

test('a relay that offers another document all the time gets ten seconds between two', async () => {
  const { delivery, control, connection, offerOf, pass, asked, end } = scene()
  const served = delivery.serve(RELAY, control, connection)
  for (let n = 0; n < 60; n++) {
    delivery.offered(offerOf(`document ${n}`), RELAY)
    await pass(1_000)
  }
  assert.ok(asked.length <= 7, String(asked.length))
  end()
  await served
})

test('an offer of one relay is not asked for at another', async () => {
  const { delivery, control, connection, offerOf, pass, asked, end } = scene()
  delivery.offered(offerOf('x'), OTHER)
  const served = delivery.serve(RELAY, control, connection)
  await pass(5_000)
  assert.equal(asked, [])
  end()
  await served
})

test('says why a document could not be handed over, and tries again', async () => {
  const { delivery, control, connection, offerOf, pass, put, sent, refusesWith, end } = scene()
  refusesWith('this device’s software does not know signed settings')
  delivery.offered(offerOf('x'), RELAY)
  const served = delivery.serve(RELAY, control, connection)
  await pass(5_000)
  assert.match(sent[0] ?? '', /"state":"delivered".*"cause":"this device\\u2019s software does not know/)
  refusesWith(undefined)
  await pass(125_000)
  assert.is(put.length, 2)
  assert.match(sent.at(-1) ?? '', /"cause":"oobm-apply has not looked at it/)
  end()
  await served
})

test('an offer is whole, of a size that a device takes, or nothing', async () => {
  const { parseRelayLine, formatRelayMessage } = await import('../../formats/control-protocol.ts')
  const digest = 'a'.repeat(64)
  const offer = { type: 'settings', digest, bytes: 1200 } as const
  assert.equal(parseRelayLine(formatRelayMessage(offer)), offer)
  for (const line of [
    'settings',
    `settings ${digest}`,
    `settings ${digest} 0`,
    `settings ${digest} ${DOCUMENT_MAX_BYTES + 1}`,
    `settings ${digest} 104857600`,
    `settings ${digest.slice(1)} 12`,
    `settings ${digest.toUpperCase()} 12`,
    `settings ../../etc/passwd 12`,
    `settings ${digest} -1`,
  ])
    assert.is(parseRelayLine(line), undefined, line)
})

test.run()
