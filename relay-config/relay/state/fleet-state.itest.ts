import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite, type TestContext } from '../../../testbed/suite.ts'
import type { Fleet } from '../../fleet/fleet-config.ts'
import { appendHistory, readHistory } from '../history.ts'
import { readDeviceView } from './device-view.ts'
import { writeMaintenance } from './maintenance.ts'
import { readGone, readPast } from './past-sessions.ts'
import { livingSessions } from './sessions.ts'
import { statePathsOf } from './state-paths.ts'
import { requireOperator } from './switch-maintenance.ts'
import { tellDevice } from './tell-device.ts'

const test = suite('fleet state on disk')

async function relay(context: TestContext) {
  const root = await scratchDirectory(context)
  const paths = statePathsOf({ root })
  const folder = join(paths.devices, 'tokyo')
  await mkdir(folder, { recursive: true })
  return {
    paths,
    folder,
    state: () => readDeviceView({ paths, received: new Map(), nowMs: Date.now() }, { name: 'tokyo' }),
  }
}

const REPORT = {
  ...{
    v: 1,
    state: 'ready',
    cause: '',
    sinceS: 9,
    proofS: 3,
    tookMs: 1,
    probeMs: 2,
    sessions: { shell: 0, console: 0 },
  },
  ...{ software: '1', uplink: null, consoles: null, changes: [] },
}

test('has its own paths below a root, and beside the forced commands of a shared relay', () => {
  assert.equal(statePathsOf({ root: '/r' }).devices, '/r/var/lib/oobm/devices')
  assert.equal(statePathsOf({ state: '/home/oobm/.oobm' }), {
    devices: '/home/oobm/.oobm/state',
    maintenance: '/home/oobm/.oobm/maintenance',
    history: '/home/oobm/.oobm/history.jsonl',
    logins: '/home/oobm/.oobm/logins',
    events: '/home/oobm/.oobm/events.json',
    settings: '/home/oobm/.oobm/settings',
    enrolments: '/home/oobm/.oobm/enrolments',
  })
})

test('reads a report, and ignores anything else', async context => {
  const { folder, state } = await relay(context)
  const file = join(folder, 'report.json')
  assert.is((await state()).state, 'never')
  await writeFile(file, JSON.stringify({ ...REPORT, news: 'from a later version' }))
  const away = await state()
  assert.equal([away.state, away.report?.state, away.connected], ['away', 'ready', false])
  assert.ok(Math.abs(Date.now() - 3_000 - (away.provedAtMs ?? 0)) < 60_000)
  for (const bad of [
    '',
    '{',
    '[]',
    'null',
    JSON.stringify({ ...REPORT, sinceS: -1 }),
    JSON.stringify({ ...REPORT, cause: 'x'.repeat(9_000) }),
  ]) {
    await writeFile(file, bad)
    assert.is((await state()).state, 'never', bad.slice(0, 40))
  }
})

test('follows no link and waits at no pipe in place of a file', async context => {
  const { paths, folder, state } = await relay(context)
  const elsewhere = join(folder, 'elsewhere')
  await writeFile(elsewhere, JSON.stringify(REPORT))
  await symlink(elsewhere, join(folder, 'report.json'))
  await symlink(elsewhere, join(folder, 'control'))
  assert.is((await state()).state, 'never')
  assert.not(await tellDevice(paths, 'tokyo', { type: 'blink', seconds: 1 }))
  // On a shared relay the folder belongs to its login, and who switches maintenance off may be root.
  await symlink(elsewhere, paths.history)
  await appendHistory(paths, { event: 'x' }).then(
    () => assert.unreachable(),
    err => assert.match(err.message, `cannot write the history ${paths.history}`),
  )
  assert.is(await readFile(elsewhere, 'utf8'), JSON.stringify(REPORT), 'nothing was written through the link')
  const pipes = await relay(context)
  assert.is((await runProgram('mkfifo', [join(pipes.folder, 'report.json'), join(pipes.folder, 'control')])).code, 0)
  assert.is((await pipes.state()).state, 'never')
  assert.not(await tellDevice(pipes.paths, 'tokyo', { type: 'blink', seconds: 1 }), 'nobody reads')
  await writeFile(join(folder, '../osaka'), '')
  assert.not(await tellDevice(paths, 'nowhere', { type: 'blink', seconds: 1 }))
})

test('counts only the recorded sshd as a session, and no other process', async context => {
  const { paths, folder } = await relay(context)
  const start = (await readFile('/proc/self/stat', 'latin1')).split(') ')[1]?.split(' ')[19]
  const lines = [`${process.pid} ${start} sshd ${'a'.repeat(32)}`, '1 0 sshd x', '$(id)', `0 0 sshd ${'a'.repeat(32)}`]
  await writeFile(join(folder, 'sessions'), `${lines.join('\n')}\n`)
  assert.equal(await livingSessions(paths, 'tokyo'), [])
})

test('maintenance is a file that the forced commands can read, and off ends at its time', async context => {
  const { paths, state } = await relay(context)
  const nowS = Math.floor(Date.now() / 1000)
  const record = { at: nowS, by: 'carol' }
  await writeMaintenance(paths, 'tokyo', { ...record, until: null, state: 'off' })
  const file = join(paths.maintenance, 'tokyo.json')
  assert.match(await readFile(file, 'utf8'), /^\{"state":"off","until":null,[^\n]*\}\n$/)
  assert.is((await stat(file)).mode & 0o777, 0o644)
  assert.ok((await state()).off)
  await writeMaintenance(paths, 'tokyo', { ...record, state: 'off', until: nowS - 1 })
  assert.match(await readFile(file, 'utf8'), /^\{"state":"off","until":\d+,/)
  assert.not((await state()).off)
})

test('history: complete lines from many writers, and damaged ones skipped', async context => {
  const { paths } = await relay(context)
  const reason = 'x'.repeat(900)
  await Promise.all(
    Array.from({ length: 50 }, (_, n) => appendHistory(paths, { event: 'apply', device: `d${n}`, reason })),
  )
  await writeFile(paths.history, '{"at":\n\n[]\n', { flag: 'a' })
  await appendHistory(paths, { by: 'alice', event: 'session', console: 'sw1' })
  const { entries, damaged } = await readHistory(paths)
  assert.equal([entries.length, damaged], [51, 2])

  // The power went in the middle of a line: the next one is not joined to it.
  await writeFile(paths.history, '{"at":"2026-11-26T04:2', { flag: 'a' })
  await appendHistory(paths, { by: 'bob', event: 'apply' })
  const after = await readHistory(paths)
  assert.equal([after.entries.length, after.damaged, after.entries.at(-1)?.by], [52, 3, 'bob'])
  assert.is(new Set(entries.map(({ device }) => device)).size, 51)
  assert.equal([entries.at(-1)?.by, entries.at(-1)?.console], ['alice', 'sw1'])
})

test('history includes the sessions that devices report, each under its own name, and nothing else', async context => {
  const { paths, folder } = await relay(context)
  const session = (more: object = {}) =>
    JSON.stringify({ console: 'sw1', technician: 'alice', fromS: 60, toS: 0, ...more })
  const lines = [
    `1800000000 ${session({ device: 'osaka', event: 'apply', by: 'root' })}`,
    `1800000000 ${session({ fromS: -1 })}`,
    `1800000000 ${session({ technician: 'x'.repeat(100) })}`,
    `99999999999 ${session({ toS: 1e10 })}`,
    `x ${session()}`,
    '1800000000 {',
    '',
  ]
  await writeFile(join(folder, 'past'), lines.join('\n'))
  const [first, ...others] = await readPast(paths)
  assert.equal(first, {
    ...{ at: '2027-01-15T08:00:00.000Z', by: 'alice', event: 'session', device: 'tokyo', console: 'sw1' },
    ...{ technician: 'alice', from: '2027-01-15T07:59:00.000Z', to: '2027-01-15T08:00:00.000Z', source: 'device' },
  })
  assert.ok(others.length <= 1)

  const event = (more: object) => `1800000000 ${JSON.stringify({ event: 'break', agoS: 60, ...more })}`
  const events = [
    event({
      console: 'sw1',
      technician: 'alice',
      address: '127.0.0.1',
      detail: '300 ms',
      device: 'osaka',
      source: 'x',
    }),
    event({ event: 'shell', agoS: 0, fromS: 90 }),
    ...[event({ agoS: -1 }), event({ detail: 'x'.repeat(200) }), event({ event: 7 })],
  ]
  await writeFile(join(folder, 'past'), events.join('\n'))
  await writeFile(join(folder, 'past.gone'), '44\n')
  assert.equal(await readPast(paths), [
    {
      ...{ at: '2027-01-15T07:59:00.000Z', by: 'alice', event: 'break', device: 'tokyo', console: 'sw1' },
      ...{ technician: 'alice', address: '127.0.0.1', reason: '300 ms', source: 'device' },
    },
    {
      ...{ at: '2027-01-15T08:00:00.000Z', by: 'unknown', event: 'shell', device: 'tokyo' },
      ...{ from: '2027-01-15T07:58:30.000Z', to: '2027-01-15T08:00:00.000Z', source: 'device' },
    },
  ])
  assert.equal(await readGone(paths), ['tokyo: 44 older entries of this device were dropped; the last 256 are kept'])
})

test('history includes logins here, once, and the first claim of a device', async context => {
  const { paths, folder } = await relay(context)
  await writeFile(join(folder, 'enrolled'), '1799990000\n')
  await mkdir(paths.logins, { recursive: true })
  const lines = [
    ...['1800000000.7 from sw1 tokyo', '1800000100.8 from sw1 tokyo', '1800000060.9 to 1800000200'],
    ...['1800000000.7 to 1800000050', 'x from sw1 tokyo', '1.1 from $(id) tokyo', ''],
    '1800000300.1 ran sw1 tokyo 192.0.2.7 69 break 300',
    '1800000400.1 refused sw1 tokyo - access is off',
    '1800000500.1 from sw1 tokyo 2001:db8::7',
  ]
  await writeFile(join(paths.logins, 'alice'), lines.join('\n'))
  const told = (fromS: number) =>
    `1800000060 ${JSON.stringify({ console: 'sw1', technician: 'alice', fromS, toS: 10 })}\n`
  // The same session as the device saw it, and another one.
  await writeFile(join(folder, 'past'), told(57) + told(3_000))
  const entries = await readPast(paths)
  assert.equal(
    entries.map(({ by, event, from, to, reason }) => [by, event, from, to, reason].join(' ')).sort(),
    [
      'alice session 2027-01-15T07:11:00.000Z 2027-01-15T08:00:50.000Z ',
      'alice session 2027-01-15T08:00:00.000Z 2027-01-15T08:00:50.000Z by login',
      'alice session 2027-01-15T08:01:40.000Z  by login',
      'alice session 2027-01-15T08:08:20.000Z  by login',
      'alice command   break 300, by login; exit code 69',
      'alice refused   access is off',
      'tokyo enrol   ',
    ].sort(),
  )
  assert.equal(
    entries.flatMap(({ address }) => address ?? []),
    ['192.0.2.7', '2001:db8::7'],
  )
})

test('a technician may switch access only if the file says so', () => {
  const fleet = (relayRole: string) => ({ technicians: [{ name: 'alice', relayRole }] }) as unknown as Fleet
  assert.throws(() => requireOperator(fleet('technician'), 'alice'), /alice may not switch access: relay_role/)
  for (const role of ['admin', 'owner']) requireOperator(fleet(role), 'alice')
  requireOperator(fleet('technician'), 'root')
})

test.run()
