import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { parseFleet } from '../fleet-config.ts'
import { renderDeviceConfig } from './device-config.ts'
import { loginTechnicians, renderLoginFiles } from './login-files.ts'
import { loginMatchBlock } from './login-match.ts'

const test = suite('the files that a login at the relay reads')

/** An Ed25519 key blob made of one letter. */
function key(letter: string): string {
  const strings = [Buffer.from('ssh-ed25519'), Buffer.alloc(32, letter)]
  return `ssh-ed25519 ${Buffer.concat(strings.flatMap(one => [Buffer.from([0, 0, 0, one.length]), one])).toString('base64')}`
}

const SOURCE = `version = 1
[[relays]]
name = "fra"
host = "fra.example.net"
accounts = "dedicated"
host_keys = ["${key('r')}"]
[[relays]]
name = "old"
host = "old.example.net"
user = "shared"
host_keys = ["${key('s')}"]
[[devices]]
name = "tokyo"
port = 20100
relays = ["fra", "old"]
consoles = [{ name = "sw1", path = "/dev/ttyUSB0" }, { name = "sw2", path = "/dev/ttyUSB1" }]
[[devices]]
name = "osaka"
port = 20102
relays = ["old"]
consoles = [{ name = "sw3", path = "/dev/ttyUSB0" }]
[[technicians]]
name = "alice"
uid = 20001
keys = ["${key('a')}"]
consoles = "all"
login = "all"
hop_keys = ["${key('x')}"]
[[technicians]]
name = "bob"
uid = 20002
keys = ["${key('b')}"]
consoles = ["sw1", "sw2"]
login = ["sw2"]
[[technicians]]
name = "carol"
uid = 20003
keys = ["${key('c')}"]
consoles = "all"
`
const FLEET = parseFleet('fleet.toml', SOURCE)
const [FRA, OLD] = FLEET.relays as [(typeof FLEET.relays)[0], (typeof FLEET.relays)[0]]

test('a list for each technician who has a console by login, and one file of host keys', () => {
  assert.equal(
    [...renderLoginFiles(FLEET, FRA, ({ name }) => `ssh-ed25519 ${name}`)],
    [
      ['login/alice', 'sw1 20101 sw1 tokyo\nsw2 20101 sw2 tokyo\n'],
      ['login/bob', 'sw2 20101 sw2 tokyo\n'],
      ['login_known_hosts', 'sw1 ssh-ed25519 tokyo\nsw2 ssh-ed25519 tokyo\n'],
    ],
  )
  assert.equal(loginTechnicians(FLEET, OLD), [], 'a shared login leads nobody anywhere')
  assert.is(renderLoginFiles(FLEET, OLD, () => '').size, 0)
})

test('labels, and the keys where they are not the usual ones; those of a person count more', () => {
  const list = (device: string, person = '') => {
    const { devices, technicians, relays } = parseFleet(
      'fleet.toml',
      SOURCE.replace('"sw1", path', `"sw1", label = { site = "Tōkyō", rack = "14" }, ${device}path`).replace(
        'name = "alice"',
        `name = "alice"\n${person}`,
      ),
    )
    const fleet = { ...FLEET, devices, technicians, relays }
    return renderLoginFiles(fleet, relays[0] as (typeof relays)[0], () => 'k').get('login/alice')
  }
  const rest = 'sw1 20101 sw1 tokyo\nsw2 20101 sw2 tokyo\n'
  const label = '# sw1 label Tōkyō, rack 14\n'
  assert.is(list(''), `${label}${rest}`)
  assert.is(list('escape_set = "conserver", '), `${label}# sw1 escape ^Ec\n${rest}`)
  assert.is(list('escape_set = "conserver", ', 'escape_set = "oobm"'), `${label}${rest}`)
  assert.is(
    list('', 'escape_set = "conserver"'),
    `${label}# sw1 escape ^Ec\n${rest.replace('sw2 2', '# sw2 escape ^Ec\nsw2 2')}`,
  )
})

test('a device accepts a hop key only from a dedicated relay, and only for consoles that the technician may open and log in to', () => {
  const technicians = (device: number) =>
    renderDeviceConfig(FLEET, FLEET.devices[device] as (typeof FLEET.devices)[0], key('h')).technicians?.map(
      ({ name, viaRelay, hopKeys }) => [name, viaRelay, hopKeys],
    )
  assert.equal(technicians(0), [
    ['alice', ['sw1', 'sw2'], [key('x')]],
    ['bob', undefined, undefined],
    ['carol', undefined, undefined],
  ])
  assert.equal(technicians(1), [
    ['alice', undefined, undefined],
    ['carol', undefined, undefined],
  ])
})

test('sshd runs nothing but the login, and forwards nothing but the ports of way 1', () => {
  const block = loginMatchBlock({ technician: 'alice', jumpPorts: [20101, 20103] })
  assert.match(block, /^Match User alice\n {2}ForceCommand exec \/usr\/lib\/oobm\/oobm-login\n/)
  assert.match(
    block,
    '\n  AllowTcpForwarding local\n  PermitOpen 127.0.0.1:20101 127.0.0.1:20103\n  PermitListen none\n',
  )
  assert.match(loginMatchBlock({ technician: 'bob', jumpPorts: [] }), '  AllowTcpForwarding no\n  PermitOpen none\n')
})

test.run()
