import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { renderFiles } from './rendered-files.ts'
import { FLEET, KEY } from './testing/two-relays.ts'

const test = suite('rendered files')
const SCRIPTS = { deviceCommand: '#!/bin/sh\n', technicianCommand: '#!/bin/sh\n', enrolCommand: '#!/bin/sh\n' }
const allKeys = new Map(
  FLEET.devices.map(({ name }) => [name, { relay: `relay ${name}`, shell: `shell ${name}`, bridge: `bridge ${name}` }]),
)

test('writes all files, separately for each relay and technician', () => {
  const files = renderFiles(FLEET, allKeys, SCRIPTS, { knownHostsFile: '~/k' })
  assert.equal([...files.keys()].sort(), [
    'relay/fra/authorized_keys',
    'relay/fra/install',
    'relay/fra/oobm-device-command',
    'relay/fra/oobm-enrol-command',
    'relay/fra/oobm-technician-command',
    'relay/fra/sshd_config',
    'relay/lon/authorized_keys',
    'relay/lon/install',
    'relay/lon/oobm-device-command',
    'relay/lon/oobm-enrol-command',
    'relay/lon/oobm-technician-command',
    'relay/lon/sshd_config',
    'technicians/alice/config',
    'technicians/alice/known_hosts',
    'technicians/alice/putty-linux.sh',
    'technicians/alice/putty.reg',
    'technicians/alice/sheet.html',
    'technicians/alice/teraterm.ttl',
    'technicians/bob/config',
    'technicians/bob/known_hosts',
    'technicians/bob/putty-linux.sh',
    'technicians/bob/putty.reg',
    'technicians/bob/sheet.html',
    'technicians/bob/teraterm.ttl',
    'technicians/carol/config',
    'technicians/carol/known_hosts',
    'technicians/carol/putty-linux.sh',
    'technicians/carol/putty.reg',
    'technicians/carol/sheet.html',
    'technicians/carol/teraterm.ttl',
  ])
  assert.is(
    files.get('technicians/alice/known_hosts')?.content,
    `oobm-relay-fra ${KEY[0]}\noobm-relay-lon ${KEY[0]}\ntokyo,[127.0.0.1]:20100 shell tokyo\nsw1,[127.0.0.1]:20101 bridge tokyo\nrt1,[127.0.0.1]:20101 bridge tokyo\nsw2,[127.0.0.1]:20103 bridge osaka\n`,
  )
  assert.is(
    files.get('technicians/bob/known_hosts')?.content,
    `oobm-relay-lon ${KEY[0]}\nsw2,[127.0.0.1]:20103 bridge osaka\n`,
  )
  assert.is(files.get('technicians/carol/known_hosts')?.content, '')
})

test.run()
