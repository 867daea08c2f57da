import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../../../testbed/run-program.ts'
import { suite } from '../../../testbed/suite.ts'
import { operator } from '../../testing/operator.ts'
import { parseFleet } from '../fleet-config.ts'
import { renderSshdConfig, SSHD_SETTINGS } from './sshd-config.ts'

const test = suite('rendered sshd_config')

test('the rendered sshd_config has its settings in force, for its login only', async context => {
  const { folder, startRelay } = await operator(context)
  const sshd = await startRelay('relay', [])
  const fleet = parseFleet('fleet.toml', await readFile(join(folder, 'fleet.toml'), 'utf8'))
  assert.ok(fleet.relays[0])
  const file = join(folder, 'sshd_config')
  const common = `${await readFile(sshd.configFile, 'utf8')}GatewayPorts yes\nPermitTunnel yes\nAllowTcpForwarding no\nClientAliveCountMax 9\n`
  await writeFile(file, common + renderSshdConfig(fleet.relays[0]))
  const meaning = async (user: string) => {
    const { stdout, stderr } = await runProgram('sh', [
      '-c',
      `PATH=$PATH:/usr/sbin; sshd -T -f ${file} -C user=${user},host=h,addr=192.0.2.1`,
    ])
    assert.is(stderr, '')
    return stdout.split('\n')
  }
  const ours = await meaning(sshd.user)
  const theirs = await meaning('nobody')
  for (const setting of Object.keys(SSHD_SETTINGS)) {
    assert.ok(ours.includes(setting.toLowerCase()), setting)
    assert.not(theirs.includes(setting.toLowerCase()), setting)
  }
})

test.run()
