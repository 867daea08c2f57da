import * as assert from 'uvu/assert'
import { PLAIN } from '../../cli/paint.ts'
import { suite } from '../../testbed/suite.ts'
import { describeHotspot } from './describe-hotspot.ts'

const test = suite('describing the hotspot')

const NOW_MS = 1_000_000_000
const OFF = {
  ...{ interface: 'wlan0', ssid: 'oobm-rack1', address: '192.168.76.1', isOn: false, isAlsoClient: true },
  ...{ since: null, devices: 0, next: null, problem: '' },
}
const ON = { ...OFF, isOn: true, since: NOW_MS - 120_000 }
const lines = (hotspot: Parameters<typeof describeHotspot>[0]) => describeHotspot(hotspot, NOW_MS, PLAIN)

test('says whether it is on, where, who is on it and what comes next', () => {
  assert.equal(lines(OFF), ['off; "oobm-rack1" by wlan0'])
  assert.equal(lines({ ...OFF, next: { to: 'on', at: NOW_MS + 240_000 } }), [
    'off; "oobm-rack1" by wlan0',
    'starts in 4 min, if no way out is proved until then',
  ])
  assert.equal(lines({ ...ON, devices: 1 }), [
    'on, "oobm-rack1" by wlan0, this board is 192.168.76.1 there; 1 device is on it, since 2 min ago',
  ])
  const next = { to: 'off', at: NOW_MS + 180_000 } as const
  assert.equal(lines({ ...ON, next }), [
    'on, "oobm-rack1" by wlan0, this board is 192.168.76.1 there; 0 devices are on it, since 2 min ago',
    'ends in 3 min, if nobody comes; the radio then looks for its networks',
  ])
  assert.is(lines({ ...ON, next, isAlsoClient: false })[1], 'ends in 3 min, if nobody comes')
})

test('says why it was not switched', () => {
  assert.is(
    lines({ ...OFF, problem: 'settings are on trial' })[1],
    'not switched when it was last asked for: settings are on trial',
  )
})

test.run()
