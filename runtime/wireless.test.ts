import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { signalsIn } from './wireless.ts'

const test = suite('wireless')

test('the signal of a radio is what /proc/net/wireless has', () => {
  const text = `Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
 wlan0: 0000   54.  -56.  -256        0      0      0      0      0        0
 wlx00c0ca: 0000   0.  -80.  -256        0      0      0      0      0        0
`
  assert.equal(
    [...signalsIn(text)],
    [
      ['wlan0', -56],
      ['wlx00c0ca', -80],
    ],
  )
})

test.run()
