import * as assert from 'uvu/assert'
import type { TechnicianConfig } from '../../formats/device-config.ts'
import { suite } from '../../testbed/suite.ts'
import { identityOfAccount } from './account-identity.ts'
import { uidIn } from './peer-uid.ts'

const test = suite('account login')

const technician = (name: string, more: Partial<TechnicianConfig> = {}): TechnicianConfig => ({
  ...{ name, keys: [], role: 'operator', consoles: undefined, viaRelay: [], hopKeys: [], shell: true },
  ...{ admin: false, power: [] },
  ...more,
})
const user = (name: string, uid: number) => ({ name, uid, gid: uid, comment: '', shell: '' })
const ACCOUNTS = {
  ownUid: 993,
  users: [
    ...[user('root', 0), user('oobm-console', 993), user('oobm-supervisor', 994), user('oobm', 995), user('pi', 1000)],
    ...[user('remote-admin', 996), user('enebular-remote-admin', 996), user('alice', 20_000), user('olga', 20_001)],
    ...[user('carol', 20_002), user('mallory', 20_005), user('own', 20_007)],
  ],
  people: [
    ...[
      { name: 'alice', uid: 20_000 },
      { name: 'olga', uid: 20_001 },
      { name: 'carol', uid: 20_002 },
    ],
    ...[
      { name: 'gone', uid: 20_003 },
      { name: 'zoe', uid: 20_004 },
      { name: 'bob', uid: 20_005 },
    ],
  ],
  technicians: [
    technician('alice', { consoles: ['sw1', 'sw2'] }),
    technician('olga', { role: 'observer', consoles: ['sw1'] }),
    technician('carol', { shell: false }),
    technician('zoe', { shell: false, admin: true }),
    technician('bob'),
    technician('own'),
  ],
}

test('identifies an account by the record and the configuration, with its role and consoles', () => {
  const CASES: [
    uid: number,
    name: string | undefined,
    role?: string,
    consoles?: string[] | undefined,
    isDevice?: boolean,
  ][] = [
    [20_000, 'alice', 'operator', ['sw1', 'sw2']],
    [20_001, 'olga', 'observer', ['sw1']],
    // Root, and what may become root.
    [0, 'root', 'operator', undefined, true],
    [996, 'remote-admin', 'operator', undefined],
    // The bridge's own: everybody's in a lab, nobody's on a device.
    [993, 'oobm-console', 'operator', undefined, true],
    [994, 'oobm-supervisor', 'observer', [], true],
    // What all who may be behind it may watch.
    [995, 'oobm', 'observer', ['sw1']],
    // Not a technician; without the shell; left; an account whose name is another's; a name that the record does not
    // have.
    [1000, undefined],
    [20_002, undefined],
    [20_003, undefined],
    [20_005, undefined],
    [20_007, undefined],
    [20_009, undefined],
  ]
  for (const [uid, name, role, consoles, isDevice] of CASES) {
    const identity = identityOfAccount(uid, ACCOUNTS)
    assert.is(identity?.name, name, String(uid))
    if (name === undefined) continue
    assert.equal([identity?.role, identity?.consoles, identity?.via], [role, consoles, 'shell'], name)
    assert.is(identity?.isDevice ?? false, isDevice ?? false, name)
  }
  const everything = {
    ...ACCOUNTS,
    technicians: [technician('bob'), technician('remote-admin', { admin: true, consoles: [] })],
  }
  assert.is(identityOfAccount(995, everything)?.consoles, undefined)
})

test('finds the uid of a connection only while its process has it open', () => {
  const table = (
    state: string,
    uid: string,
    inode: string,
  ) => `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:08AE 00000000:0000 0A 00000000:00000000 00:00000000 00000000   993        0 4 1 0
   1: 0100007F:08AE 0200007F:B0B2 01 00000000:00000000 00:00000000 00000000   993        0 5 1 0
   2: 0200007F:B0B2 0100007F:08AE ${state} 00000000:00000000 00:00000000 00000000 ${uid.padStart(5)}        0 ${inode} 1 0
`
  const own: [string, number] = ['127.0.0.2', 0xb0b2]
  const other: [string, number] = ['127.0.0.1', 0x08ae]
  assert.is(uidIn(table('01', '20000', '77'), own, other), 20_000)
  assert.is(uidIn(table('01', '0', '77'), own, other), 0)
  // Closed by its process: the kernel says uid 0, and it is nobody's.
  assert.is(uidIn(table('01', '0', '0'), own, other), undefined)
  for (const state of ['04', '05', '06', '08']) assert.is(uidIn(table(state, '0', '0'), own, other), undefined, state)
  assert.is(uidIn(table('08', '20000', '77'), own, other), undefined, 'half closed')
  assert.is(uidIn(table('01', '20000', '77'), ['127.0.0.2', 0xb0b3], other), undefined)
  assert.is(uidIn('', own, other), undefined)
})

test.run()
