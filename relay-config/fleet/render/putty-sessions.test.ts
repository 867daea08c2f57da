import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { puttyFile, puttyRegistry, puttyScript, puttySessions } from './putty-sessions.ts'
import { technicianSheet } from './technician-sheet.ts'
import { FLEET } from './testing/two-relays.ts'

const test = suite('PuTTY’s sessions, and the sheet')
const KEYS = {
  shell: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDbnmHS+8Y0Pw7cRuyxH1EbU9JZRqj6bRsPyP+Xz6kx6',
  bridge: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH4lYzmFsQTrOw1EbGYBZqHRbQBgYIFn7UCmZ3H2KBcR',
}
const technician = (name: string) => FLEET.technicians.find(one => one.name === name) ?? FLEET.technicians[0]
const sessionsOf = (name: string, keyFile?: string) => {
  const found = technician(name)
  assert.ok(found)
  return puttySessions(FLEET, found, () => KEYS, keyFile)
}

test('each console and shell goes through a session of its relay, with the fingerprint of its own key', () => {
  const sessions = sessionsOf('alice')
  for (const [name, { ProxyHost, LogHost, SSHManualHostKeys, HostName, ProxyLocalhost }] of sessions) {
    assert.match(String(SSHManualHostKeys), /^SHA256:[A-Za-z0-9+/]{43}(,SHA256:[A-Za-z0-9+/]{43})*$/, name)
    if (name.startsWith('oobm-relay-')) assert.equal([ProxyHost, LogHost], [undefined, name])
    else {
      assert.ok(sessions.has(String(ProxyHost)), `${name} goes through ${ProxyHost}`)
      assert.equal([HostName, ProxyLocalhost], ['127.0.0.1', 1])
      assert.ok(name === LogHost || name.startsWith(`${LogHost}.`))
    }
  }
  const shell = sessions.get('tokyo')
  const console = sessions.get('sw1')
  assert.equal([shell?.PortNumber, console?.PortNumber, console?.UserName], [20100, 20101, 'sw1'])
  assert.not.equal(shell?.SSHManualHostKeys, console?.SSHManualHostKeys)
  assert.ok(!sessionsOf('bob').has('sw1'), 'nobody gets what they may not open')
  assert.is(sessionsOf('carol').size, 0)
})

test('a device of several relays has a session by each of them', () => {
  const several = { ...FLEET, devices: FLEET.devices.map(({ relays: _, ...device }) => device) }
  const alice = technician('alice')
  assert.ok(alice)
  const sessions = puttySessions(several, alice, () => KEYS)
  for (const relay of FLEET.relays) assert.is(sessions.get(`sw1.${relay.name}`)?.ProxyHost, `oobm-relay-${relay.name}`)
  assert.equal(sessions.get('sw1'), { ...sessions.get(`sw1.${FLEET.relays[0]?.name}`), WinTitle: 'sw1' })
})

test('the registry has what the files have, in the form of regedit', () => {
  const sessions = sessionsOf('alice', 'C:\\Users\\alice\\my "own".ppk')
  const text = puttyRegistry(sessions)
  assert.match(text, /^REGEDIT4\r\n\r\n\[HKEY_CURRENT_USER\\Software\\SimonTatham\\PuTTY\\Sessions\\/)
  assert.match(text, /^"PublicKeyFile"="C:\\\\Users\\\\alice\\\\my \\"own\\".ppk"\r$/m)
  assert.match(text, /^"PortNumber"=dword:00004e85\r$/m)
  assert.match(text, /^[ -~\r\n]*$/)
  assert.is(text.split('\r\n').length, text.split('\n').length)
  assert.is((text.match(/^\[/gm) ?? []).length, sessions.size)
  assert.match(puttyFile(sessions.get('sw1') ?? {}), /^PortNumber=20101$/m)
  assert.match(puttyScript(sessions), /^write sw1 <<'END'\nProtocol=ssh\n/m)
})

test('the sheet has each host key of ways 2 and 3, and no text of the fleet file is HTML', () => {
  const alice = technician('alice')
  const [tokyo, ...others] = FLEET.devices
  const [first] = FLEET.relays
  assert.ok(alice && tokyo && first)
  const dedicated = { ...first, accounts: 'dedicated' as const, host: '<b>&relay' }
  const fleet = {
    ...FLEET,
    contact: '<script>',
    relays: [dedicated],
    devices: [{ ...tokyo, relays: undefined, gateway: true }, ...others].map(({ relays: _, ...device }) => device),
  }
  for (const language of ['en', 'ja'] as const) {
    const sheet = technicianSheet(fleet, { ...alice, login: 'all' }, () => KEYS, language)
    assert.not.match(sheet, /<script|<b>&/)
    assert.match(sheet, /&lt;b&gt;&amp;relay<\/td><td>20101<\/td><td>sw1<\/td><td>ssh-ed25519 SHA256:/)
    assert.is((sheet.match(/<h2>/g) ?? []).length, 2)
  }
  const bare = technicianSheet(FLEET, { ...alice, login: [] }, () => KEYS, 'en')
  assert.not.match(bare, /<h2>|<table>/)
  assert.match(bare, /You have neither/)
})

test.run()
