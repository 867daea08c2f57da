import * as assert from 'uvu/assert'
import { PLAIN } from '../../cli/paint.ts'
import type { SpeedDirection, SpeedResult } from '../../formats/speed.ts'
import { suite } from '../../testbed/suite.ts'
import { describeSpeed, roundedDown } from './speed.ts'

const test = suite('describe a measurement')
const WAY: SpeedDirection = { kbit: 4_876, bytes: 3e6, ms: 5_000, tunnelMs: 400, cpuPercent: 20, othersKbit: 0 }

function said(
  up: Partial<SpeedDirection>,
  down: Partial<SpeedDirection> = {},
  more: Partial<SpeedResult> = {},
): string {
  const outcome = {
    ...{ kind: 'measured' as const, idleMs: 61 },
    ...{ up: { ...WAY, ...up }, down: { ...WAY, kbit: 19_251, ...down } },
  }
  const result = { version: 1 as const, asked: 'a', uplink: 'wwan0', relay: 'relay.example.net:443', outcome, ...more }
  return describeSpeed(result, undefined, PLAIN).join('\n')
}

test('a measurement is rounded down to what can be written, and nothing is written', () => {
  assert.match(
    said({}),
    /\n {4}interface = "wwan0"\n {4}uplink_kbit = \{ up = 4800, down = 19000 \}\nNothing was changed/,
  )
  assert.equal([9, 64, 99, 987, 4_876, 123_456].map(roundedDown), [64, 64, 99, 980, 4_800, 120_000])
})

test('what speaks against the figure stands beside it', () => {
  assert.not.match(said({}), /processor|others/)
  assert.match(said({}, { cpuPercent: 97 }), /no more processor time for it: the line itself may be faster/)
  assert.match(said({ othersKbit: 1_500 }), /others moved up to 1500 kbit\/s/)
  assert.match(said({ othersKbit: null }), /at most 400 ms down/)
  assert.match(said({ tunnelMs: null }), /at most 400 ms down and no answer up/)
})

test('where a rate or the interface is not known, there is nothing to write', () => {
  assert.match(said({ kbit: null }), /too little passed to tell[\s\S]*Nothing to write for uplink_kbit: try again/)
  const unknown = said({}, {}, { uplink: null })
  assert.match(unknown, /The interface is not known/)
  assert.not.match(unknown, 'uplink_kbit')
})

test.run()
