import * as assert from 'uvu/assert'
import type { GroupEntry, PasswdEntry } from '../../runtime/passwd.ts'
import { suite } from '../../testbed/suite.ts'
import { authorizedKeysOf, hasTooMuch, missingOf, planPeople, renderSysusers, type System } from './plan-people.ts'

const test = suite('plan of people')

const technician = (name: string, more: object = {}) => ({
  ...{
    name,
    keys: [`key-of-${name}`],
    role: 'operator' as const,
    viaRelay: [],
    power: [],
    hopKeys: [],
    shell: true,
    admin: false,
  },
  ...more,
})
const user = (name: string, uid: number): PasswdEntry => ({ name, uid, gid: uid, comment: '', shell: '/bin/sh' })
const group = (name: string, gid: number, ...members: string[]): GroupEntry => ({ name, gid, members })
const system = (users: PasswdEntry[] = [], groups: GroupEntry[] = []): System => ({
  users: [user('root', 0), ...users],
  groups: [group('root', 0), ...groups],
})
const plan = (technicians: ReturnType<typeof technician>[], recorded: [string, number][] = [], there = system()) =>
  planPeople(
    { technicians },
    recorded.map(([name, uid]) => ({ name, uid })),
    there,
  )
const short = (people: readonly { name: string; uid: number }[]) => people.map(({ name, uid }) => `${name}=${uid}`)

test('who has the shell, or is an administrator, has an account; a uid from 20000 up, in their order', () => {
  const { accounts, record, leavers, clashes } = plan([
    technician('bob'),
    technician('carol', { shell: false }),
    technician('alice', { shell: false, admin: true, keys: ['one', 'two'] }),
    technician('remote-admin', { admin: true }),
  ])
  assert.equal(accounts, [
    { name: 'bob', uid: 20_000, keys: ['key-of-bob'], isAdmin: false },
    { name: 'alice', uid: 20_001, keys: ['one', 'two'], isAdmin: true },
  ])
  assert.equal(short(record), ['bob=20000', 'alice=20001'])
  assert.equal([leavers, clashes], [[], []])
})

test('a uid is one name’s for ever: left, back, and others between', () => {
  const first = plan([technician('alice'), technician('bob')])
  const left = plan(
    [technician('bob')],
    [
      ['alice', 20_000],
      ['bob', 20_001],
    ],
  )
  assert.equal(short(left.leavers), ['alice=20000'])
  assert.equal(left.record, first.record)
  const other = plan(
    [technician('dave')],
    [
      ['alice', 20_000],
      ['bob', 20_001],
    ],
  )
  assert.equal(short(other.accounts), ['dave=20002'])
  assert.equal(short(other.record), ['alice=20000', 'bob=20001', 'dave=20002'])
  const back = plan(
    [technician('dave'), technician('alice')],
    [
      ['dave', 20_002],
      ['alice', 20_000],
      ['bob', 20_001],
    ],
  )
  assert.equal(short(back.accounts), ['dave=20002', 'alice=20000'])
  assert.equal(short(back.leavers), ['bob=20001'])
})

test('a new uid is above all that the record and the system have in the range', () => {
  const there = system([user('own', 20_007)], [group('things', 20_009)])
  assert.equal(short(plan([technician('alice')], [['gone', 20_003]], there).accounts), ['alice=20010'])
  // Others' ranges do not count.
  assert.equal(short(plan([technician('alice')], [], system([user('nobody', 65_534)])).accounts), ['alice=20000'])
})

test('a name or a uid that is somebody else’s is said, is not recorded, and is not ended', () => {
  const CASES: [name: string, recorded: [string, number][], there: System, why: RegExp][] = [
    ['pi', [], system([user('pi', 1000)]), /already has an account of that name \(uid 1000\)/],
    ['video', [], system([], [group('video', 44)]), /already has a group of that name \(gid 44\)/],
    ['alice', [['alice', 20_000]], system([user('alice', 1001)]), /already has an account of that name \(uid 1001\)/],
    ['alice', [['alice', 20_000]], system([user('other', 20_000)]), /the uid 20000 is the account "other"/],
    ['j.doe', [], system(), /not a login name/],
    ['x'.repeat(32), [], system(), /not a login name/],
    ['alice', [['last', 59_999]], system(), /every uid from 20000 to 59999 is in use or was used before/],
  ]
  for (const [name, recorded, there, why] of CASES) {
    const { accounts, record, leavers, clashes } = plan([technician(name), technician('bob')], recorded, there)
    assert.is(clashes[0]?.name, name)
    assert.match(clashes[0]?.why ?? '', why)
    assert.not(
      accounts.some(account => account.name === name),
      name,
    )
    assert.not(
      leavers.some(leaver => leaver.name === name),
      name,
    )
    assert.is(
      record.some(person => person.name === name),
      recorded.some(([known]) => known === name),
      name,
    )
    if (!/every uid/.test(clashes[0]?.why ?? '')) assert.is(accounts[0]?.name, 'bob')
  }
})

test('with the record lost, the accounts that are there keep their uids, and leave as they would', () => {
  const there = system(
    [user('alice', 20_004), user('gone', 20_002), user('admin', 1000)],
    [group('oobm-people', 990, 'alice', 'gone', 'admin')],
  )
  const { accounts, leavers, record } = plan([technician('alice'), technician('bob')], [], there)
  assert.equal(short(accounts), ['alice=20004', 'bob=20005'])
  assert.equal(short(leavers), ['gone=20002'])
  assert.equal(short(record), ['gone=20002', 'alice=20004', 'bob=20005'])
})

test('writes what sysusers and sshd read', () => {
  assert.is(
    renderSysusers([{ name: 'alice', uid: 20_000, isAdmin: false }]),
    `u alice 20000 "Out-of-band technician" /home/alice /bin/bash
m alice oobm-people
m alice oobm
m alice systemd-journal
`,
  )
  assert.match(renderSysusers([{ name: 'bob', uid: 20_001, isAdmin: true }]), /^m bob oobm-drop-admin$/m)
  assert.is(authorizedKeysOf({ name: 'alice', keys: ['a', 'b'], isAdmin: false }), 'a alice\nb alice\n')
})

test('says what an account lacks', () => {
  const person = { name: 'alice', uid: 20_000, isAdmin: false }
  const groups = ['oobm-people', 'oobm', 'systemd-journal'].map((name, at) => group(name, 900 + at, 'alice'))
  assert.equal(missingOf(person, system([user('alice', 20_000)], groups)), [])
  assert.equal(missingOf(person, system([user('alice', 20_000)], groups.slice(1))), ['oobm-people'])
  assert.equal(missingOf(person, system([user('alice', 1000)], groups)), ['account'])
  const admin = { ...person, isAdmin: true }
  assert.equal(missingOf(admin, system([user('alice', 20_000)], groups)), ['oobm-drop-admin'])
})

test('only an administrator may fill the file drop, and nobody who was one', () => {
  const there = system([user('alice', 20_000)], [group('oobm-drop-admin', 950, 'alice')])
  const person = { name: 'alice', uid: 20_000, keys: [] }
  assert.is(hasTooMuch({ ...person, isAdmin: false }, there), true)
  assert.is(hasTooMuch({ ...person, isAdmin: true }, there), false)
  assert.is(hasTooMuch({ ...person, name: 'bob', isAdmin: false }, there), false)
})

test.run()
