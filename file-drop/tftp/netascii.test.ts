import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { FromNetascii, toNetascii } from './netascii.ts'

const test = suite('netascii')
const TEXT = 'hostname sw1\n!\r\nbanner\r^C\n\r'

test('ends a line with CR LF, and keeps a CR of the text', () => {
  assert.is(toNetascii(Buffer.from('a\nb\rc')).toString('latin1'), 'a\r\nb\r\0c')
})

test('gives back what was sent, wherever it is parted', () => {
  const sent = toNetascii(Buffer.from(TEXT))
  for (let at = 0; at <= sent.length; at++) {
    const text = new FromNetascii()
    const parts = [text.take(sent.subarray(0, at)), text.take(sent.subarray(at)), text.rest()]
    assert.is(Buffer.concat(parts).toString(), TEXT, `parted at ${at}`)
  }
})

test('keeps a CR that stands alone, also at the end', () => {
  const text = new FromNetascii()
  assert.is(Buffer.concat([text.take(Buffer.from('a\rb\r')), text.rest()]).toString(), 'a\rb\r')
})

test.run()
