import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import type { AddressFault } from './dial-failure.ts'
import { readGreeting } from './greeting.ts'

const test = suite('greeting')

const WHOLE: [bytes: string, found: 'greeting' | AddressFault][] = [
  ['SSH-2.0-OpenSSH_9.2\r\n', 'greeting'],
  ['SSH-2.0-x\n', 'greeting'],
  ['SSH-1.99-Cisco-1.25\r\n', 'greeting'],
  ['welcome\r\nto the relay\r\nSSH-2.0-x\r\n', 'greeting'],
  ['Exceeded MaxStartups\r\n', { kind: 'turned-away' }],
  ['Not allowed at this time\r\n', { kind: 'turned-away' }],
  ['HTTP/1.1 400 Bad Request\r\n\r\n', { kind: 'not-ssh', which: 'http' }],
  ['<html><body>Please log in</body></html>', { kind: 'not-ssh', which: 'http' }],
  ['\x15\x03\x03\x00\x02\x02\x46', { kind: 'not-ssh', which: 'tls' }],
  ['220 mail.example ESMTP\r\n', { kind: 'not-ssh', which: 'other' }],
  ['SSH-1.5-old\r\n', { kind: 'not-ssh', which: 'other' }],
  ['not SSH-2.0-x\r\n', { kind: 'not-ssh', which: 'other' }],
  ['SSH-2.0-cut off', { kind: 'not-ssh', which: 'other' }],
  ['', { kind: 'closed' }],
]

test('tells who is there from the first bytes, however they are cut', () => {
  for (const [text, found] of WHOLE) {
    const bytes = Buffer.from(text, 'latin1')
    assert.equal(readGreeting(bytes, true), found, JSON.stringify(text))
    for (let cut = 0; cut < bytes.length; cut++) {
      const early = readGreeting(bytes.subarray(0, cut), false)
      if (early !== undefined) assert.equal(early, found, `${JSON.stringify(text)} cut at ${cut}`)
    }
  }
})

test('waits for more, but not for ever', () => {
  assert.is(readGreeting(Buffer.from('SSH-2.0-'), false), undefined)
  assert.is(readGreeting(Buffer.from('a line\r\n'), false), undefined)
  assert.equal(readGreeting(Buffer.alloc(9_000, 'x'), false), { kind: 'not-ssh', which: 'other' })
})

test.run()
