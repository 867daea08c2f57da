import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { quickClock } from '../testing/quick-clock.ts'
import { ByteQueue } from './byte-queue.ts'
import { crc16, type Incoming, type OfferedFile, type Protocol, receiveFiles } from './receive-files.ts'

const test = suite('receive files')

const SOH = 0x01
const EOT = 0x04
const ACK = 0x06
const NAK = 0x15
const CAN = 0x18
const C = 0x43

/** The other end: for each byte that we send, what it says then. */
type Peer = (byte: number, at: number) => Buffer | number[] | undefined

function block(number: number, text: string, { length = 128, checksum = false } = {}): Buffer {
  const data = Buffer.alloc(length, 0x1a)
  data.write(text, 'latin1')
  const crc = crc16(data)
  const sum = data.reduce((all, byte) => (all + byte) & 0xff, 0)
  const check = checksum ? [sum] : [crc >> 8, crc & 0xff]
  return Buffer.concat([
    Buffer.of(length === 128 ? SOH : 0x02, number & 0xff, ~number & 0xff),
    data,
    Buffer.from(check),
  ])
}

/** A header of YMODEM: the rest of the block is zeros. */
function header(name: string, facts: string): Buffer {
  return block(0, `${name}\0${facts}`.padEnd(128, '\0'))
}

async function receive(
  protocol: Protocol,
  peer: Peer,
  refuse: (file: OfferedFile) => string | undefined = () => undefined,
) {
  const clock = quickClock()
  const over = new AbortController()
  const queue = new ByteQueue(clock, over.signal)
  const sent: number[] = []
  const files: { offered: OfferedFile; text: string; isComplete: boolean }[] = []
  const incoming: Incoming = {
    begin: async offered => {
      files.push({ offered, text: '', isComplete: false })
      return refuse(offered)
    },
    write: async bytes => {
      const file = files.at(-1)
      if (file) file.text += bytes.toString('latin1')
      return undefined
    },
    end: async () => {
      const file = files.at(-1)
      if (file) file.isComplete = true
      return undefined
    },
  }
  const beganMs = clock.nowMs()
  const why = await receiveFiles(
    protocol,
    {
      ...{ clock, queue, over: over.signal, tail: Buffer.alloc(0), divert: () => {} },
      progress: { bytes: 0, total: undefined },
      send: bytes => {
        for (const byte of bytes) {
          const said = peer(byte, sent.length)
          sent.push(byte)
          if (said) queue.push(Buffer.from(said))
        }
        return true
      },
    },
    incoming,
  )
  return { why, sent, files, seconds: (clock.nowMs() - beganMs) / 1_000 }
}

/** Says one piece after another, each after an answer that it expects. */
function script(...steps: [expected: number, said: Buffer | number[]][]): Peer {
  let at = 0
  return byte => (steps[at]?.[0] === byte ? steps[at++]?.[1] : undefined)
}

test('YMODEM gives each file its name and its exact size, and ends with the empty header', async () => {
  const { why, files, sent } = await receive(
    'ymodem',
    script(
      [C, header('ios.bin', '130 14775533437 100644 0')],
      [C, block(1, 'x'.repeat(128))],
      [ACK, block(2, 'yz')],
      [ACK, [EOT]],
      [C, header('second', '3')],
      [C, block(1, 'abc')],
      [ACK, [EOT]],
      [C, header('', '')],
    ),
  )
  assert.is(why, undefined)
  assert.equal(
    files.map(({ offered, text, isComplete }) => [offered.name, offered.size, text, isComplete]),
    [
      ['ios.bin', 130, `${'x'.repeat(128)}yz`, true],
      ['second', 3, 'abc', true],
    ],
  )
  assert.is(sent.at(-1), ACK)
})

test('XMODEM: blocks of both lengths, a number beyond 255, and the last block as it is', async () => {
  const blocks = Array.from({ length: 258 }, (_, at) => block(at + 1, `${at}`, { length: at % 2 ? 1_024 : 128 }))
  const { why, files } = await receive(
    'xmodem',
    script([C, blocks[0] as Buffer], ...blocks.slice(1).map(one => [ACK, one] as [number, Buffer]), [ACK, [EOT]]),
  )
  assert.is(why, undefined)
  assert.is(files[0]?.text.length, 129 * 128 + 129 * 1_024)
  assert.match(files[0]?.text ?? '', /257\x1a+$/)
})

test('a sender that knows only the checksum is asked for it', async () => {
  const { why, files } = await receive('xmodem', script([NAK, block(1, 'sum', { checksum: true })], [ACK, [EOT]]))
  assert.is(why, undefined)
  assert.match(files[0]?.text ?? '', /^sum/)
})

test('what gets garbled or lost on the way is sent again: a block, an answer, the end', async () => {
  const bad = Buffer.from(block(2, 'two'))
  bad[50] = 0xff
  const { why, files, sent } = await receive(
    'ymodem',
    script(
      // The answer to the header was lost: it comes again.
      [C, header('a', '384')],
      [C, header('a', '384')],
      [C, block(1, 'one')],
      [ACK, bad],
      [NAK, block(2, 'two')],
      // The answer to this one, too.
      [ACK, block(2, 'two')],
      [ACK, block(3, 'three').subarray(0, 40)],
      [NAK, block(3, 'three')],
      [ACK, [EOT]],
      // The answer to the end, too.
      [C, [EOT]],
      [ACK, header('', '')],
    ),
  )
  assert.is(why, undefined)
  assert.match(files[0]?.text ?? '', /^one\x1a+two\x1a+three\x1a+$/)
  assert.is(files.length, 1)
  assert.equal(sent.slice(-5), [ACK, C, ACK, C, ACK])
})

test('EOT within a garbled block does not end the file', async () => {
  const { files, why } = await receive(
    'xmodem',
    script([C, block(1, 'one')], [ACK, [EOT, 0x55, 0x55]], [NAK, block(2, 'two')], [ACK, [EOT]]),
  )
  assert.is(why, undefined)
  assert.match(files[0]?.text ?? '', /^one\x1a+two\x1a+$/)
})

test('a name reaches nothing but the one who decides about it', async () => {
  for (const name of ['/etc/passwd', '../../x', '-y', '.ssh', 'a b\x1b[2J', 'n'.repeat(120)]) {
    const { why, files } = await receive('ymodem', script([C, header(name, '')]), ({ name }) => `no: ${name}`)
    assert.is(why, `no: ${name}`)
    assert.is(files.length, 1)
  }
})

test('every wrong end fails within its time, and says why', async () => {
  const garbage = Buffer.from('router#show clock\r\n*04:20:11 UTC\r\nrouter#'.repeat(20))
  const one = block(1, 'one')
  const broken = block(1, 'one')
  broken[50] = 0xff
  const CASES: [what: string, Protocol, Peer, why: RegExp, seconds: number][] = [
    ['never answers', 'xmodem', () => undefined, /the target sent nothing of the file/, 125],
    ['never answers', 'ymodem', () => undefined, /the target sent no file/, 125],
    ['cancels', 'xmodem', () => [CAN, CAN, CAN], /the target cancelled/, 1],
    ['cancels', 'ymodem', () => [CAN, CAN], /the target cancelled/, 1],
    ['cancels in the middle', 'xmodem', script([C, one], [ACK, [CAN, CAN]]), /the target cancelled/, 1],
    [
      'breaks every block',
      'xmodem',
      byte => (byte === CAN ? undefined : broken),
      /no block came whole in 40 tries/,
      125,
    ],
    ['is a command line', 'xmodem', () => garbage, /the target sent nothing of the file/, 125],
    ['is a command line', 'ymodem', () => garbage, /the target sent no file/, 125],
    ['falls silent', 'xmodem', script([C, one]), /no block came whole in 10 tries/, 125],
    ['becomes a command line', 'xmodem', (_byte, at) => (at === 0 ? one : garbage), /no block came whole/, 125],
    ['sends one block for ever', 'xmodem', () => one, /the blocks are out of order/, 10],
    ['skips a block', 'xmodem', script([C, one], [ACK, block(3, 'x')]), /out of order: 3 came instead of 2/, 1],
    ['ends at once', 'xmodem', () => [EOT], /the target ended before the first block/, 1],
    ['has no file', 'ymodem', script([C, header('', '')]), /the target offers no file/, 1],
    [
      ...(['ends too early', 'ymodem', script([C, header('a', '300')], [C, one], [ACK, [EOT]])] as const),
      ...([/the target ended, and 172 bytes are missing/, 1] as const),
    ],
  ]
  for (const [what, protocol, peer, expected, seconds] of CASES) {
    const received = await receive(protocol, peer)
    assert.match(received.why ?? '', expected, `${protocol} ${what}`)
    assert.ok(received.seconds <= seconds, `${protocol} ${what}: ${received.seconds} s`)
    assert.not(received.files.some(({ isComplete }) => isComplete))
  }
})

test('a sender that says nothing after its only file has sent it', async () => {
  const { why, files } = await receive('ymodem', script([C, header('a', '3')], [C, block(1, 'abc')], [ACK, [EOT]]))
  assert.is(why, undefined)
  assert.is(files[0]?.text, 'abc')
})

test('the CRC is that of the reference', () => {
  assert.is(crc16(Buffer.from('123456789')), 0x31c3)
})

test.run()
