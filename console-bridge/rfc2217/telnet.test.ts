import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { Negotiation } from './negotiation.ts'
import {
  escapeIac,
  OPTION,
  optionCommand,
  SUBNEGOTIATION_BOUND,
  subnegotiation,
  TELNET,
  type TelnetEvent,
  TelnetParser,
} from './telnet.ts'

const test = suite('telnet')
const { iac, sb, se, brk } = TELNET

/** What came of these bytes, with neighbouring data joined. */
function events(...pieces: number[][]): unknown[] {
  const parser = new TelnetParser()
  const found: unknown[] = []
  for (const event of pieces.flatMap(piece => [...parser.feed(Buffer.from(piece))])) {
    const last = found.at(-1)
    if (event.kind === 'data' && Array.isArray(last)) last.push(...event.bytes)
    else found.push(event.kind === 'data' ? [...event.bytes] : plain(event))
  }
  return found
}

function plain(event: Exclude<TelnetEvent, { kind: 'data' }>): unknown {
  return event.kind === 'subnegotiation' ? { ...event, bytes: [...event.bytes] } : event
}

const STREAM = [
  ...[
    65,
    iac,
    TELNET.will,
    OPTION.comPort,
    66,
    iac,
    iac,
    67,
    iac,
    sb,
    OPTION.comPort,
    1,
    0,
    iac,
    iac,
    37,
    128,
    iac,
    se,
  ],
  ...[68, iac, brk, iac, 241, iac, TELNET.dont, 255, 13, 0, 69, 0],
]
const EVENTS = [
  [65],
  { kind: 'option', verb: 'will', option: 44 },
  [66, 255, 67],
  { kind: 'subnegotiation', option: 44, bytes: [1, 0, 255, 37, 128] },
  [68],
  { kind: 'break' },
  { kind: 'option', verb: 'dont', option: 255 },
  [13, 69, 0],
]

test('reads data and commands, wherever they are split', () => {
  assert.equal(events(STREAM), EVENTS)
  assert.equal(events(...STREAM.map(byte => [byte])), EVENTS)
  for (let at = 1; at < STREAM.length; at++)
    assert.equal(events(STREAM.slice(0, at), STREAM.slice(at)), EVENTS, `${at}`)
})

test('passes on each byte value, and the NUL after a CR too, once the client sends binary', () => {
  const parser = new TelnetParser()
  parser.isBinary = true
  const all = Buffer.from([...Array.from({ length: 256 }, (_, byte) => byte), 13, 0, 255, 255, 240])
  const read = [...parser.feed(escapeIac(all))].map(event => (event.kind === 'data' ? event.bytes : Buffer.of()))
  assert.equal(Buffer.concat(read), all)
})

test('keeps no more of a subnegotiation than its bound, and goes on after it', () => {
  const long = Array.from({ length: 100_000 }, () => 7)
  assert.equal(events([iac, sb, 44, ...long], [iac, se, 65]), [[65]])
  const most = Array.from({ length: SUBNEGOTIATION_BOUND - 1 }, () => 7)
  assert.equal(events([iac, sb, 44, ...most, iac, se]), [{ kind: 'subnegotiation', option: 44, bytes: most }])
  assert.equal(events([iac, sb, iac, se, 65]), [[65]])
})

test('a subnegotiation without its end is over with the next command', () => {
  const option = { kind: 'option', verb: 'do', option: 3 }
  assert.equal(events([iac, sb, 44, 1, iac, TELNET.do, 3, 65]), [option, [65]])
})

test('writes a subnegotiation that it reads back', () => {
  const bytes = Buffer.from([101, 255, 240, 0, 255])
  assert.equal(events([...subnegotiation(44, bytes)]), [{ kind: 'subnegotiation', option: 44, bytes: [...bytes] }])
})

test('asks for what it needs, and answers each answer with silence', () => {
  const negotiation = new Negotiation()
  const { will, do: please } = TELNET
  assert.equal([...negotiation.begin()], [iac, will, 0, iac, will, 1, iac, will, 3, iac, please, 0, iac, please, 44])
  assert.not(negotiation.isBinary || negotiation.hasComPort)
  for (const option of [0, 1, 3]) assert.is(negotiation.answer('do', option), undefined)
  for (const option of [0, 44]) assert.is(negotiation.answer('will', option), undefined)
  assert.ok(negotiation.isBinary && negotiation.hasComPort)
  for (const option of [0, 44]) assert.is(negotiation.answer('will', option), undefined, 'again')
})

test('agrees to what it knows, refuses the rest, and says no more than the client', () => {
  const negotiation = new Negotiation()
  assert.equal(negotiation.answer('will', 44), optionCommand('do', 44))
  assert.equal(negotiation.answer('do', 44), optionCommand('will', 44))
  assert.equal(negotiation.answer('will', 3), optionCommand('do', 3))
  assert.equal(negotiation.answer('will', 1), optionCommand('dont', 1))
  for (const option of [24, 31, 37, 255]) {
    assert.equal(negotiation.answer('will', option), optionCommand('dont', option))
    assert.equal(negotiation.answer('do', option), optionCommand('wont', option))
    for (const verb of ['wont', 'dont'] as const) assert.is(negotiation.answer(verb, option), undefined)
  }
  assert.equal(negotiation.answer('wont', 44), optionCommand('dont', 44))
  assert.is(negotiation.answer('wont', 44), undefined)
})

test('takes a refusal of what it asked for without an answer', () => {
  const negotiation = new Negotiation()
  negotiation.begin()
  for (const option of [0, 44]) assert.is(negotiation.answer('wont', option), undefined)
  for (const option of [0, 1, 3]) assert.is(negotiation.answer('dont', option), undefined)
  assert.not(negotiation.isBinary || negotiation.hasComPort)
})

test.run()
