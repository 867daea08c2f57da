import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { ConfigurationError } from '../../../runtime/errors.ts'
import { suite } from '../../../testbed/suite.ts'
import { parseFleet } from '../fleet-config.ts'
import { loginNameProblem } from './login-names.ts'

const test = suite('login names')
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDbnmHS+8Y0Pw7cRuyxH1EbU9JZRqj6bRsPyP+Xz6kx6'

/** The problems of a fleet with one device and this technician. */
function problemsOf(...technician: string[]): string[] {
  const lines = [
    'version = 1',
    ...['[[relays]]', 'name = "fra"', 'host = "relay.example.net"', 'user = "u"', `host_keys = ["${KEY}"]`],
    ...['[[devices]]', 'name = "tokyo"', 'port = 20100'],
    ...['[[technicians]]', ...technician, `keys = ["${KEY}"]`, 'consoles = []'], // 10
  ]
  try {
    parseFleet('fleet.toml', lines.join('\n'))
    return []
  } catch (err) {
    if (err instanceof ConfigurationError) return err.message.split('\n')
    throw err
  }
}

test('takes the names of people', () => {
  for (const name of ['alice', 'bob-ops', 'j_doe', 'x', 'pia', 'rooter', 'a'.repeat(31)])
    assert.is(loginNameProblem(name), undefined, name)
})

test('refuses names that Debian or systemd refuses', () => {
  for (const name of ['', '0bob', 'j.doe', '_bob', '-bob', 'Bob', 'bob$', 'a b', 'bob\n', 'a'.repeat(32)])
    assert.match(loginNameProblem(name) ?? '', 'is not a login name', name)
})

test('refuses the names of the system, of Raspberry Pi OS and of our own packages', () => {
  for (const name of ['root', 'pi', 'gpio', 'dialout', 'systemd-network', 'sshd', 'messagebus', 'remote-admin', 'sudo'])
    assert.type(loginNameProblem(name), 'string', name)
  for (const name of ['oobm', 'oobm-selftest', 'oobm-console', 'oobm-people', 'enebular-remote-admin'])
    assert.type(loginNameProblem(name), 'string', name)
})

test('refuses every name that this Debian’s base and the packages’ own lists have', () => {
  const names = [
    ...['passwd.master', 'group.master'].flatMap(file => columnOf(`/usr/share/base-passwd/${file}`, ':', 0)),
    ...foldersOf(
      '/usr/lib/sysusers.d',
      join(import.meta.dirname, '../../../packaging/device/files/usr/lib/sysusers.d'),
    ),
  ]
  assert.ok(names.length > 40, `${names.length} names`)
  assert.equal(
    names.filter(name => loginNameProblem(name) === undefined),
    [],
  )
})

test('reports it with its line and what to do, but only where an account is made', () => {
  const said = [
    'fleet.toml:11: technicians[1].name: "pi" is an account or a group of the system; choose another, such as the initial and the family name (each device whose shell is open to them makes an account of it)',
  ]
  assert.equal(problemsOf('name = "pi"', 'shells = ["tokyo"]'), said)
  assert.equal(problemsOf('name = "pi"', 'shells = "all"'), said)
  assert.equal(problemsOf('name = "pi"', 'admins = "all"'), said)
  assert.match(problemsOf('name = "j.doe"', 'admins = ["tokyo"]').join(), 'is not a login name')
  // Consoles alone need no account.
  assert.equal(problemsOf('name = "pi"'), [])
  assert.equal(problemsOf('name = "j.doe"', 'shells = []'), [])
  assert.equal(problemsOf('name = "alice"', 'shells = "all"'), [])
  for (const name of ['root', 'oobm']) assert.match(problemsOf(`name = "${name}"`).join(), 'cannot be used')
})

function columnOf(file: string, separator: string | RegExp, column: number): string[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.flatMap(line => line.split(separator)[column] || [])
}

/** sysusers.d(5): `u NAME`, `g NAME`. */
function foldersOf(...folders: string[]): string[] {
  return folders
    .flatMap(folder => readdirSync(folder).map(file => join(folder, file)))
    .flatMap(file => readFileSync(file, 'utf8').split('\n'))
    .flatMap(line => /^[ug]!? +(\S+)/.exec(line)?.[1] ?? [])
}

test.run()
