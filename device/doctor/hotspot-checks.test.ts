import * as assert from 'uvu/assert'
import type { Sides } from '../../formats/sides.ts'
import { suite } from '../../testbed/suite.ts'
import { type HotspotLook, judgeHotspot } from './hotspot-checks.ts'

const test = suite('doctor: the hotspot')

const SPEC = {
  ...{ version: 1 as const, interface: 'wlan0', ssid: 'oobm-rack1', address: '192.168.76.1' },
  ...{ automatic: true, isAlsoClient: true },
}
const STATUS = { ...SPEC, isOn: false, since: null, devices: 0, next: null, problem: '' }
const sides = (side: 'local' | 'uplink', why: string): Sides => ({
  version: 1,
  at: '2027-01-31T23:59:59Z',
  addresses: [{ interface: 'wlan0', address: SPEC.address, prefixLength: 24, side, why }],
})
const judge = (look: Partial<HotspotLook>) =>
  judgeHotspot(SPEC, { hasRadio: true, status: STATUS, sides: sides('local', ''), ...look })

test('finds that there is no radio, that it was refused, and that nobody can reach the board on it', () => {
  const on = { ...STATUS, isOn: true, devices: 2 }
  const rows: [Partial<HotspotLook>, string, RegExp][] = [
    [{}, 'ok', /"oobm-rack1" is off; it starts without a way out for 5 minutes, by/],
    [{ status: undefined }, 'ok', /is off/],
    [{ hasRadio: false }, 'wrong', /no wireless interface wlan0/],
    [{ status: { ...STATUS, problem: 'settings are on trial' } }, 'warning', /settings are on trial/],
    [{ status: on }, 'ok', /is on, 192\.168\.76\.1; devices on it: 2/],
    [{ status: on, sides: undefined }, 'wrong', /wlan0 does not have 192\.168\.76\.1/],
    [{ status: on, sides: sides('uplink', 'eth0 has 192.168.76.9/24, in the same network') }, 'wrong', /eth0 has 192/],
  ]
  for (const [look, result, detail] of rows) {
    const finding = judge(look)
    assert.is(finding.result, result, finding.detail)
    assert.match(finding.detail, detail)
  }
})

test.run()
