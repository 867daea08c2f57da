import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { describeChanges, readChanges } from './changes.ts'

const test = suite('changes of a line')
const SETTINGS = { baudRate: 9600, dataBits: 8, parity: 'none', stopBits: 1, flowControl: 'none' } as const

for (const [typed, read] of [
  ['speed 115200', { baudRate: 115200 }],
  ['115200', { baudRate: 115200 }],
  ['115200 7e2', { baudRate: 115200, dataBits: 7, parity: 'even', stopBits: 2 }],
  [
    'speed 300 parity odd bits 5 stop 2 flow xon-xoff',
    { baudRate: 300, parity: 'odd', dataBits: 5, stopBits: 2, flowControl: 'xon-xoff' },
  ],
  ['DTR off rts ON', { dtr: false, rts: true }],
  ['', {}],
] as const) {
  test(`reads "${typed}"`, () => {
    assert.equal(readChanges(typed.split(' ').filter(Boolean)), read)
  })
}

for (const [typed, wrong] of [
  ['speed', /^speed must be 9600: nothing is not$/],
  ['speed fast', /^speed must be .*fast is not$/],
  ['speed 5', /^speed must be/],
  ['9', /^unknown setting "9"/],
  ['4000001', /^unknown setting/],
  ['parity mark', /^parity must be none, even, odd: mark is not$/],
  ['9n1', /^unknown setting "9n1"; known are: speed, bits, parity, stop, flow, dtr, rts$/],
  ['constructor on', /^unknown setting "constructor"/],
  ['dtr up', /^dtr must be on, off: up is not$/],
] as const) {
  test(`refuses "${typed}"`, () => {
    assert.match(String(readChanges(typed.split(' '))), wrong)
  })
}

test('describes what is set', () => {
  assert.is(describeChanges({ baudRate: 115200, dtr: false }, SETTINGS), '115200 8N1, DTR off')
  assert.is(describeChanges({ rts: true }, SETTINGS), 'RTS on')
})

test.run()
