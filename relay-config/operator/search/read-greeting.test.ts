import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { readGreeting } from './read-greeting.ts'

const test = suite('the greeting of a device')

const CASES: [what: string, text: string, expected: ReturnType<typeof readGreeting>][] = [
  ['OpenSSH', 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n', 'greeting'],
  ['what follows in the same packet', 'SSH-2.0-oobm\r\n\0\0\x03\x1c\n', 'greeting'],
  ['without CR, as old servers', 'SSH-1.99-x\n', 'greeting'],
  ['a line before it', 'Welcome\r\nSSH-2.0-x\r\n', 'other'],
  ['a web server', 'HTTP/1.1 400 Bad Request\r\n', 'other'],
  ['an escape sequence', '\x1b]0;x\x07SSH-2.0-x\r\n', 'other'],
  ['no line end in 255 characters', `SSH-2.0-${'x'.repeat(400)}`, 'other'],
]

for (const [what, text, expected] of CASES) {
  test(`${what}: ${expected}, however it is cut`, () => {
    const bytes = Buffer.from(text, 'latin1')
    assert.is(readGreeting(bytes), expected)
    const seen = [...bytes.keys()].map(end => readGreeting(bytes.subarray(0, end)))
    const decided = seen.findIndex(one => one !== 'incomplete')
    if (decided !== -1) assert.ok(seen.slice(decided).every(one => one === expected))
    assert.is(seen[0], 'incomplete', 'of nothing')
  })
}

test.run()
