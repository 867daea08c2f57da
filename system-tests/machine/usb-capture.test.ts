import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { lineRequests, usbBreaks } from './usb-capture.ts'

const test = suite('lines in a USB capture')
const ON = [0x40, 4, 0x08, 0x40]
const OFF = [0x40, 4, 0x08, 0x00]
const DTR = [0x40, 1, 0x01, 0x01]
const BOTH = [0x40, 1, 0x03, 0x03]
const NOT_RTS = [0x40, 1, 0x00, 0x02]
/** The speed. */
const OTHER = [0x40, 3, 0x03, 0x03]

/** A capture as QEMU writes it: submitted control requests at these milliseconds. */
function capture(...requests: [atMs: number, setup: number[], type?: string][]): Buffer {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt32LE(220, 20)
  const records = requests.map(([atMs, setup, type = 'S']) => {
    const record = Buffer.alloc(16 + 64)
    record.writeUInt32LE(64, 8)
    record.write(type, 16 + 8)
    record[16 + 9] = 2
    record.writeBigInt64LE(BigInt(Math.floor(atMs / 1000)), 16 + 16)
    record.writeInt32LE((atMs % 1000) * 1000, 16 + 24)
    Buffer.from(setup).copy(record, 16 + 40)
    return record
  })
  return Buffer.concat([header, ...records])
}

test('gives the length of each break', () => {
  const file = capture([900, DTR], [1000, OFF], [2000, ON], [3000, OFF], [5000, ON], [5250, OFF], [6000, OFF])
  assert.equal(usbBreaks(file), [1000, 250])
})

test('counts what was asked for, not what was answered, and no break that has not ended', () => {
  assert.equal(usbBreaks(capture([1000, ON, 'C'], [1500, OFF, 'C'])), [])
  assert.equal(usbBreaks(capture([1000, ON])), [])
})

test('gives what each request makes of the modem lines, where its mask has them', () => {
  const file = capture([1, DTR], [2, OTHER], [3, BOTH], [4, BOTH], [5, NOT_RTS], [6, ON], [7, [0xc0, 1, 0, 0x0303]])
  const seen = [...lineRequests(file)].map(({ atMs, ...lines }) => [atMs, lines.dtr, lines.rts, lines.break])
  assert.equal(seen, [
    [1, true, false, false],
    [3, true, true, false],
    [4, true, true, false],
    [5, true, false, false],
    [6, true, false, true],
  ])
})

test('passes over a record that was cut short, and refuses what is no capture', () => {
  const whole = capture([1000, ON], [1400, OFF])
  assert.equal(usbBreaks(whole.subarray(0, whole.length - 10)), [])
  assert.throws(() => usbBreaks(Buffer.from('#!/bin/sh\n')), /not a USB capture/)
})

test.run()
