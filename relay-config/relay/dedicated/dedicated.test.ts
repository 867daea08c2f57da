import * as assert from 'uvu/assert'
import { type PasswdEntry, parsePasswd } from '../../../runtime/passwd.ts'
import { suite } from '../../../testbed/suite.ts'
import { parseFleet } from '../../fleet/fleet-config.ts'
import { dedicatedFleetText } from '../../testing/dedicated-fleet-text.ts'
import { DEBIAN_12, DEBIAN_13 } from '../../testing/sshd-features.ts'
import { relayPaths } from '../relay-paths.ts'
import { ACCOUNT_MARK, planAccounts } from './accounts.ts'
import { desiredRelay } from './desired-relay.ts'

const test = suite('dedicated relay')
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDbnmHS+8Y0Pw7cRuyxH1EbU9JZRqj6bRsPyP+Xz6kx6'

const UNIT_PATH = relayPaths().unit

function desired(settings = '', perSourcePenalties = false, ofDevice = '') {
  const [alice, bob, idle] = ['6kx6', '7kx6', '8kx6'].map(end => KEY.replace(/.{4}$/, end)) as [string, string, string]
  const technician = `[[technicians]]\nname = "idle"\nkeys = ["${idle}"]\nconsoles = []\nuid = 20002\n`
  const fleetText = dedicatedFleetText({ alice, bob }, `host = "lon.example.net"\n${settings}`)
    .replace('port = 20102', `port = 20102\n${ofDevice}`)
    .concat(technician)
  const fleet = parseFleet('fleet.toml', fleetText)
  const [relay] = fleet.relays
  assert.ok(relay)
  const deviceKeys = new Map(['tokyo', 'osaka'].map(name => [name, { relayKey: KEY, bridgeHostKey: KEY }]))
  const sshd = { path: '/usr/sbin/sshd', features: perSourcePenalties ? DEBIAN_13 : DEBIAN_12 }
  return desiredRelay({ fleetText, fleet, relay, deviceKeys }, relayPaths(), sshd)
}

test('gives each key its line, in a file of its account', () => {
  const { files } = desired()
  const listen = (host: string) => `permitlisten="${host}:20100",permitlisten="${host}:20101"`
  assert.is(
    files.get('authorized_keys/oobm-device'),
    `restrict,port-forwarding,${listen('127.0.0.1')},permitopen="127.0.0.1:20100",permitopen="127.0.0.1:20101",command="exec /usr/lib/oobm/oobm-device-command tokyo /var/lib/oobm/devices" ${KEY} oobm-device:tokyo
restrict,port-forwarding,permitlisten="127.0.0.1:20102",permitlisten="127.0.0.1:20103",permitopen="127.0.0.1:20102",permitopen="127.0.0.1:20103",command="exec /usr/lib/oobm/oobm-device-command osaka /var/lib/oobm/devices" ${KEY} oobm-device:osaka
`,
  )
  assert.match(
    files.get('authorized_keys/alice') ?? '',
    /^restrict,port-forwarding,permitopen="127\.0\.0\.1:20101",permitlisten="127\.0\.0\.1:1",command="exec \/usr\/lib\/oobm\/oobm-technician-command \/var\/lib\/oobm\/devices tokyo:20101:\+" /,
  )
  assert.not(files.has('authorized_keys/idle'), 'who may reach nothing has no key here')
  assert.match(files.get('sshd_config') ?? '', /^AllowUsers oobm-device alice bob$/m)
})

test('sends no request to a device that speaks, and gives a slow line more time to log in', () => {
  const set = (settings: string, ofDevice?: string) => {
    const config = desired(settings, false, ofDevice).files.get('sshd_config') ?? ''
    return [...config.matchAll(/^(ClientAlive\w+|LoginGraceTime) (\d+)$/gm)].map(([, , value]) => Number(value))
  }
  assert.equal(set(''), [30, 90, 1])
  assert.equal(set('', 'profile = "cellular"'), [90, 90, 1])
  assert.equal(set('profile = "cellular"'), [90, 90, 1], 'an older file says it of the relay')
})

test('sets penalties only for an sshd that knows them', () => {
  const config = (known: boolean) => desired('exempt_networks = ["198.51.100.7"]', known).files.get('sshd_config') ?? ''
  assert.not.match(config(false), /PerSourcePenalt/)
  assert.match(config(true), /^PerSourcePenaltyExemptList 127\.0\.0\.0\/8,.*,198\.51\.100\.7$/m)
})

test('with a firewall, opens the relay’s port, the admin’s and those of gateways', () => {
  assert.not(desired().files.has('nftables.conf'))
  assert.not.match(desired().units.get(UNIT_PATH) ?? '', /nftables\.conf/)
  assert.match(desired().files.get('gateway.nft') ?? '', /tcp dport \{ 20100, 20101 \} dnat to 127\.0\.0\.1/)
  const { files, units, openPorts } = desired('firewall = true\nadmin_port = 2022')
  assert.equal(openPorts, [443, 2022, 20100, 20101])
  assert.match(files.get('nftables.conf') ?? '', /tcp dport \{ 443, 2022, 20100, 20101 \} accept/)
  assert.match(units.get(UNIT_PATH) ?? '', /^ExecStartPre=nft -f \/etc\/oobm\/relay\/nftables\.conf$/m)
})

test('identifies its accounts by record and mark, and changes no other', () => {
  const entry = (name: string, uid: number, comment = ACCOUNT_MARK, shell = '/bin/sh'): PasswdEntry => ({
    name,
    uid,
    gid: uid,
    comment,
    shell,
  })
  const alice = { name: 'alice', uid: 20000 }
  const bob = { name: 'bob', uid: 20001 }
  const cases: [string, (typeof alice)[], PasswdEntry[], (typeof alice)[], string[], RegExp?][] = [
    ['none there', [alice], [], [], ['add alice']],
    ['all there', [alice], [entry('alice', 20000)], [alice], []],
    ['one gone', [alice], [entry('alice', 20000), entry('bob', 20001)], [alice, bob], ['remove bob']],
    ['renamed', [{ name: 'eve', uid: 20000 }], [entry('alice', 20000)], [alice], ['rename eve']],
    ['another shell', [alice], [entry('alice', 20000, ACCOUNT_MARK, '/sbin/nologin')], [alice], ['set shell alice']],
    [
      'not recorded',
      [alice],
      [entry('alice', 20000)],
      [],
      [],
      /uid 20000 belongs to the account "alice", which is not ours/,
    ],
    ['not marked', [], [entry('alice', 20000, 'Alice')], [alice], []],
    ['a name taken', [alice], [entry('alice', 1000, 'Alice')], [alice], [], /"alice" exists and is not ours/],
    [
      'another uid',
      [{ name: 'alice', uid: 20005 }],
      [entry('alice', 20000)],
      [alice],
      ['remove alice'],
      /a uid never changes/,
    ],
  ]
  for (const [what, wanted, there, made, steps, conflict] of cases) {
    const planned = planAccounts(wanted, there, made)
    assert.equal(
      planned.steps.map(step => `${step.do} ${step.account.name}`),
      steps,
      what,
    )
    assert.is(planned.conflicts.length, conflict ? 1 : 0, what)
    if (conflict) assert.match(planned.conflicts[0] ?? '', conflict, what)
  }
  assert.equal(parsePasswd('alice:x:20000:994:oobm-relay:/:/bin/sh\n\n'), [{ ...entry('alice', 20000), gid: 994 }])
})

test.run()
