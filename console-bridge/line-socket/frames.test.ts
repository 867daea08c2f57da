import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { dataFrames, FRAME_BOUND, FrameError, FrameParser, messageFrame } from './frames.ts'
import { askSchema, CAUSE_BOUND, readMessage, tellSchema } from './messages.ts'

const test = suite('line frames')

/** What came of these bytes: data as latin1, joined; messages as they are. */
function read(...pieces: Buffer[]): unknown[] {
  const parser = new FrameParser()
  return pieces
    .flatMap(piece => [...parser.feed(piece)])
    .map(frame => (frame.kind === 'data' ? frame.bytes.toString('latin1') : JSON.parse(frame.text)))
}

const STREAM = Buffer.concat([
  dataFrames(Buffer.from('abc')),
  messageFrame({ ask: 'modem', id: 1 }),
  dataFrames(Buffer.from([0, 255, 0x44, 0x4d])),
  messageFrame({ text: 'Büro' }),
])
const FRAMES = ['abc', { ask: 'modem', id: 1 }, '\u0000\u00ffDM', { text: 'Büro' }]

test('reads frames wherever they are split', () => {
  assert.equal(read(STREAM), FRAMES)
  assert.equal(read(...[...STREAM].map(byte => Buffer.of(byte))), FRAMES)
  for (let at = 1; at < STREAM.length; at++) assert.equal(read(STREAM.subarray(0, at), STREAM.subarray(at)), FRAMES)
})

test('puts much data into several frames, and none into none', () => {
  const much = Buffer.alloc(FRAME_BOUND.data * 2 + 5, 'x')
  assert.equal(
    read(dataFrames(much)).map(data => (data as string).length),
    [FRAME_BOUND.data, FRAME_BOUND.data, 5],
  )
  assert.equal(dataFrames(Buffer.of()), Buffer.of())
})

test('refuses what is no frame at its first byte, and a frame that is too long at its length', () => {
  const cases = [[0], [0x45, 0, 1], [0x44, 0x40, 0x01], [0x4d, 0x10, 0x01]]
  for (const bytes of cases)
    assert.throws(
      () => read(Buffer.from(bytes)),
      (err: unknown) => err instanceof FrameError,
    )
  assert.throws(() => messageFrame({ cause: 'x'.repeat(FRAME_BOUND.message) }))
})

test('takes no message of another form', () => {
  const settings = { baudRate: 9600, dataBits: 8, parity: 'none', stopBits: 1, flowControl: 'none' }
  const open = { ask: 'open', id: 1, protocol: 1, settings }
  assert.equal(readMessage(askSchema, JSON.stringify(open)), open)
  const others = [
    ...['', '{', 'null', '[]', '"open"', '{"ask":"exec","id":1}', '{"ask":"modem"}', '{"ask":"modem","id":-1}'],
    JSON.stringify({ ...open, settings: { ...settings, baudRate: 1e9 } }),
    JSON.stringify({ ...open, path: 'exec:sh' }),
  ]
  for (const text of others) assert.is(readMessage(askSchema, text), undefined, text)
  assert.is(readMessage(tellSchema, '{"tell":"taken","bytes":-5}'), undefined)
})

test('what a line program says cannot command a terminal', () => {
  const cause = `gone\u001b]0;x\u0007\u202e${'y'.repeat(1_000)}`
  const told = readMessage(tellSchema, JSON.stringify({ tell: 'closed', cause }))
  assert.ok(told?.tell === 'closed')
  assert.match(told.cause, /^gone\?\]0;x\?\?y+…$/)
  assert.is([...told.cause].length, CAUSE_BOUND)
})

test.run()
