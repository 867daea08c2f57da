import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { describeUplink } from './uplink-checks.ts'

const test = suite('checks of uplinks')

const UPLINK = { name: 'eth0', kind: 'cable', metered: false, carries: false, provedAt: 1, dayBytes: null } as const

test('an uplink that stands by is well, and one that fails is a warning with its cause', () => {
  assert.is(describeUplink({ ...UPLINK, carries: true, why: '' }).result, 'ok')
  assert.is(describeUplink({ ...UPLINK, why: 'stands by' }).result, 'ok')
  assert.is(describeUplink({ ...UPLINK, provedAt: null, why: 'not proved yet' }).result, 'warning')
  const broken = describeUplink({ ...UPLINK, why: 'relay:443 does not answer' })
  assert.equal([broken.what, broken.result, broken.detail], ['uplink eth0', 'warning', 'relay:443 does not answer'])
})

test.run()
