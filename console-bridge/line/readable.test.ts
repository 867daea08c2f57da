import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { resample } from '../testing/uart-wire.ts'
import { isEnough, readable } from './readable.ts'

const test = suite('readable')
const BOOT = Buffer.from(
  '\r\nSystem Bootstrap, Version 15.0(1r)M15, RELEASE SOFTWARE (fc1)\r\nTotal memory size = 512 MB\r\n',
)
const SPEEDS = [1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400]

test('text is readable at the speed at which it was sent, and at no other', () => {
  for (const from of SPEEDS) {
    const right = SPEEDS.filter(to => isEnough(readable(resample(BOOT, from, to)), false))
    assert.equal(right, [from])
  }
})

test('a speed that differs by 2 % is the same speed to a UART, and one by 8 % is not', () => {
  assert.equal(resample(BOOT, 9_600, 9_792), BOOT)
  assert.not.equal(resample(BOOT, 9_600, 10_368), BOOT)
})

test('seven bits and parity are told from eight, by the parity', () => {
  for (const parity of ['even', 'odd'] as const) {
    const heard = readable(resample(BOOT, 9_600, 9_600, { dataBits: 7, parity }))
    assert.equal(heard.framing, { dataBits: 7, parity })
    assert.ok(isEnough(heard, false))
  }
  assert.is(readable(BOOT).framing, undefined)
})

test('a few bytes are enough for an answer to a key only', () => {
  assert.ok(isEnough(readable(Buffer.from('\r\nR>')), true))
  assert.not(isEnough(readable(Buffer.from('\r\nR>')), false))
  assert.not(isEnough(readable(Buffer.from('\r\n')), true))
  assert.not(isEnough(readable(Buffer.alloc(0)), true))
  assert.not(isEnough(readable(Buffer.from('\x00\xff\x80R>', 'latin1')), true))
})

test.run()
