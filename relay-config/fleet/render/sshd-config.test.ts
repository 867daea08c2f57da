import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { renderSshdConfig } from './sshd-config.ts'
import { FLEET } from './testing/two-relays.ts'

const test = suite('rendered sshd_config')

test('demands the settings of sshd that no key option can express', () => {
  const [fra] = FLEET.relays
  assert.ok(fra)
  assert.equal(
    renderSshdConfig(fra)
      .split('\n')
      .filter(line => line !== '' && !/^\s*#/.test(line)),
    [
      'Match User oobm',
      '  AllowTcpForwarding yes',
      '  AllowStreamLocalForwarding no',
      '  GatewayPorts no',
      '  PermitTunnel no',
      '  ClientAliveInterval 90',
      '  ClientAliveCountMax 1',
    ],
  )
})

test.run()
