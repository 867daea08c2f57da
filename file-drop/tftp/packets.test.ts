import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { ackPacket, dataPacket, errorPacket, oackPacket, parsePacket, TFTP_ERROR } from './packets.ts'

const test = suite('TFTP packets')
const bytes = (text: string) => Buffer.from(text, 'latin1')

test('reads a request, with its options, whatever their capitals are', () => {
  assert.equal(parsePacket(bytes('\0\x01ios.bin\0OCTET\0BlkSize\x001024\0tsize\x000\0')), {
    kind: 'read',
    file: 'ios.bin',
    isText: false,
    options: new Map([
      ['blksize', '1024'],
      ['tsize', '0'],
    ]),
  })
  assert.equal(parsePacket(bytes('\0\x02a\0netascii\0')), {
    kind: 'write',
    file: 'a',
    isText: true,
    options: new Map(),
  })
})

test('takes the padding of boot loaders, and an option without a value for none', () => {
  for (const rest of ['\0\0\0', 'blksize\0']) {
    const packet = parsePacket(bytes(`\0\x01a\0octet\0${rest}`))
    assert.is(packet?.kind, 'read')
    assert.is(packet?.kind === 'read' && packet.options.has('blksize'), false)
  }
})

test('says why a request cannot be served', () => {
  for (const [text, why] of [
    ['\0\x01ios.bin', 'cut short'],
    ['\0\x01ios.bin\0', 'cut short'],
    ['\0\x01ios.bin\0octet', 'cut short'],
    ['\0\x02ios.bin\0mail\0', 'octet or netascii'],
  ] as const) {
    const packet = parsePacket(bytes(text))
    assert.is(packet?.kind, 'bad')
    assert.match(packet?.kind === 'bad' ? packet.why : '', why)
  }
})

test('reads back what it writes, and nothing from anything else', () => {
  assert.equal(parsePacket(dataPacket(65_536, bytes('x'))), { kind: 'data', block: 0, bytes: bytes('x') })
  assert.equal(parsePacket(ackPacket(7)), { kind: 'ack', block: 7 })
  assert.equal(parsePacket(errorPacket(TFTP_ERROR.full, 'full')), { kind: 'error', code: 3, message: 'full' })
  assert.is(oackPacket(new Map([['tsize', '5']])).toString('latin1'), '\0\x06tsize\x005\0')
  for (const text of ['', '\0', '\0\x01\0', '\0\x09abc', 'GET / HTTP/1.1'])
    assert.is(parsePacket(bytes(text)), undefined, text)
})

test.run()
