import * as assert from 'uvu/assert'
import { suite } from '../../../../testbed/suite.ts'
import { parseFleet } from '../../../fleet/fleet-config.ts'
import { renderSshConfig } from '../../../fleet/render/ssh-config.ts'
import { deskConfig } from './desk-config.ts'
import { readHosts } from './read-hosts.ts'

const test = suite('hosts of a technician’s folder')
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f'
const FLEET = `
version = 1
${['tokyo', 'osaka'].map(name => `[[relays]]\nname = "${name}"\nhost = "${name}.example.net"\nuser = "oobm"\nhost_keys = ["${KEY}"]\n`).join('')}
[[devices]]
name = "rack1"
port = 20101
consoles = [{ name = "core-sw1", path = "/dev/ttyUSB0" }]
[[devices]]
name = "rack2"
port = 20103
relays = ["osaka"]
consoles = [{ name = "edge-rt1", path = "/dev/ttyUSB0" }, { name = "edge-rt2", path = "/dev/ttyUSB1" }]
[[technicians]]
name = "alice"
keys = ["${KEY}"]
consoles = "all"
shells = ["rack1"]
`

function rendered() {
  const fleet = parseFleet('fleet.toml', FLEET)
  const [alice] = fleet.technicians
  if (!alice) throw new Error('no technician')
  return renderSshConfig(fleet, alice, { knownHostsFile: '~/.ssh/oobm/known_hosts' })
}

test('are those that "render" wrote: each once, by the name that one types', () => {
  const { relays, targets } = readHosts(rendered())
  assert.equal(relays.map(({ name, host }) => [name, host]).sort(), [
    ['osaka', 'osaka.example.net'],
    ['tokyo', 'tokyo.example.net'],
  ])
  assert.equal(
    targets.map(({ name, port, isShell }) => [name, port, isShell]),
    [
      ['rack1', 20101, true],
      ['core-sw1', 20102, false],
      ['edge-rt1', 20104, false],
      ['edge-rt2', 20104, false],
    ],
  )
})

test('of anybody else’s file, there are none', () => {
  for (const text of ['', 'Host *\n  User x\n', 'Host web\n  HostName web.example.net\n'])
    assert.equal(readHosts(text), { relays: [], targets: [] })
})

test('each host has a shared connection of its own, before the person’s file', () => {
  const text = deskConfig([{ name: 'sw1' }, { name: 'sw2', proxyCommand: 'x %h' }], '/home/a b/config', '/run/d')
  assert.match(text, /^Host sw1\n {2}ControlMaster auto\n {2}ControlPath "\/run\/d\/s0"\n/)
  assert.match(
    text,
    /Host sw2\n[^H]*ControlPath "\/run\/d\/s1"\n[^H]* {2}ProxyCommand x %h\nMatch all\n {2}Include "\/home\/a b\/config"\n$/,
  )
})

test.run()
