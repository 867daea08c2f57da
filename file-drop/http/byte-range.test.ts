import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { byteRange } from './byte-range.ts'

const test = suite('byte range')

test('is the part that a client asks for, or all of it, or none', () => {
  for (const [header, size, wanted] of [
    [undefined, 10, 'all'],
    ['bytes=0-3', 10, '0-3'],
    ['bytes=4-', 10, '4-9'],
    ['bytes=-3', 10, '7-9'],
    ['bytes=-30', 10, '0-9'],
    ['bytes=5-99', 10, '5-9'],
    ['bytes=10-', 10, 'outside'],
    ['bytes=0-', 0, 'outside'],
    ['bytes=-0', 10, 'outside'],
    ['bytes=5-2', 10, 'all'],
    ['bytes=0-1,4-5', 10, 'all'],
    ['lines=0-1', 10, 'all'],
    ['bytes=-', 10, 'all'],
    ['bytes=0x1-', 10, 'all'],
  ] as const) {
    const range = byteRange(header, size)
    assert.is(range.kind === 'part' ? `${range.start}-${range.end}` : range.kind, wanted, `${header} of ${size}`)
  }
})

test.run()
