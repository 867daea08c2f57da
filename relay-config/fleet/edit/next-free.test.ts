import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { type Fleet, parseFleet } from '../fleet-config.ts'
import { nextPort, nextUid } from './next-free.ts'

const test = suite('the next free port and uid')
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDbnmHS+8Y0Pw7cRuyxH1EbU9JZRqj6bRsPyP+Xz6kx6'

function fleetWith(ports: number[], uids: number[] = []): Fleet {
  const fleet = parseFleet(
    'fleet.toml',
    `version = 1\n[[relays]]\nname = "r"\nhost = "h"\nuser = "u"\nhost_keys = ["${KEY}"]\n`,
  )
  return {
    ...fleet,
    devices: ports.map(port => ({ port })) as Fleet['devices'],
    technicians: uids.map(uid => ({ uid })) as Fleet['technicians'],
  }
}

test('the pair after the highest, then the first gap, then none', () => {
  const cases: [number[], number | undefined][] = [
    [[], 20100],
    [[20100], 20102],
    [[1024], 20100],
    [[20101, 20200], 20202],
    [[32766], 20100],
    // Odd ones are in the way of two even pairs.
    [[20101, 32766], 20104],
    [Array.from({ length: 22_800 }, (_, at) => 19_936 + 2 * at), undefined],
  ]
  for (const [ports, expected] of cases) assert.is(nextPort(fleetWith(ports)), expected, ports.slice(0, 3).join())
})

test('the uid above the highest, never one in a gap', () => {
  assert.is(nextUid(fleetWith([])), 20_000)
  assert.is(nextUid(fleetWith([], [20_007, 20_001])), 20_008)
  assert.is(nextUid(fleetWith([], [59_999])), undefined)
})

test.run()
