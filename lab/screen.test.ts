import { stripVTControlCharacters } from 'node:util'
import * as assert from 'uvu/assert'
import { textWidth } from '../cli/width.ts'
import { STATE_NAMES, STATES } from '../formats/states.ts'
import type { ConsoleStatus, SupervisorStatus } from '../formats/status-file.ts'
import { suite } from '../testbed/suite.ts'
import { BREAK_NAMES, type Broken } from './break-table.ts'
import { DEVICE, DEVICES } from './lab-fleet.ts'
import type { DeviceLook } from './look.ts'
import { drawScreen, type ScreenState } from './screen.ts'

const test = suite('screen of the lab')
const NOW_MS = 1_800_000_000_000

const supervisor: SupervisorStatus = {
  version: 1,
  device: DEVICE,
  software: '0.1.0',
  pid: 1,
  heartbeat: { bootId: 'b', uptimeMs: 0 },
  state: 'in-use',
  cause: 'proved, and somebody is in',
  since: NOW_MS - 5_000,
  relay: { host: '127.0.0.1', port: 54321 },
  connectedAt: NOW_MS - 300_000,
  proof: { provedAt: NOW_MS - 12_000, by: 'self-test', tookMs: 307.2, attempt: null, probeMs: 3.7 },
  sessions: { shell: 0, console: 2 },
  retryAt: null,
  changes: [],
}
type Line = ConsoleStatus['consoles'][number]
const line: Line = {
  name: 'core-sw1',
  path: 'sim:router',
  settings: '9600 8N1',
  state: 'open',
  cause: '',
  since: NOW_MS,
  lastOutputAt: NOW_MS,
  bytesIn: 1,
  bytesOut: 1,
  sessions: [
    { id: 1, technician: 'alice', writer: true, from: 'relay', since: NOW_MS },
    { id: 2, technician: 'carol', writer: false, from: 'relay', since: NOW_MS },
  ],
}

function deviceLook(changes: Partial<DeviceLook> = {}): DeviceLook {
  return {
    ...{
      name: DEVICE,
      console: 'core-sw1',
      equipment: 'sim:router',
      state: 'in-use',
      led: 'in-use',
      ledSinceMs: NOW_MS,
    },
    pids: { supervisor: 1, bridge: 2 },
    ...{ supervisor: supervises({}), bridge: bridgeWith({}) },
    ...changes,
  }
}

function supervises(changes: Partial<SupervisorStatus>): DeviceLook['supervisor'] {
  return { running: true, status: { ...supervisor, ...changes } }
}

function bridgeWith(changes: Partial<Line>): DeviceLook['bridge'] {
  const common = { version: 1, software: '0.1.0', pid: 2, heartbeat: { bootId: 'b', uptimeMs: 0 }, port: 2222 } as const
  return { running: true, status: { ...common, consoles: [{ ...line, ...changes }] } }
}

interface Drawn extends Partial<Omit<ScreenState, 'look'>> {
  first?: Partial<DeviceLook>
  broken?: readonly Broken[]
}

function draw({ first, broken = [], ...changes }: Drawn = {}): string[] {
  const devices = DEVICES.map(({ name, console }, index) =>
    deviceLook({ name, console, ...(index === 0 ? first : { led: 'ready' }) }),
  )
  const state: ScreenState = {
    ...{ folder: '~/oobm/.lab', relayPort: 54321, look: { devices, broken, atMs: NOW_MS }, news: [], chosen: DEVICE },
    ...{ message: '', columns: 80, rows: 24, nowMs: NOW_MS },
    ...changes,
  }
  return drawScreen(state).map(stripVTControlCharacters)
}

const text = (changes?: Drawn) => draw(changes).join('\n')

test('says how the devices are, who is on which console, what to type, and what to break', () => {
  const screen = text()
  assert.match(screen, '> ● tokyo-rack1  in-use       proved 12s core-sw1: alice types, carol watches')
  assert.match(screen, '  ● osaka-rack1')
  assert.match(screen, '    proved, and somebody is in; LED ')
  assert.match(screen, '  ~/oobm/.lab/alice ssh core-sw1 ')
  assert.match(screen, /^ {2}~\/oobm\/\.lab\/carol ssh core-sw1 +an observer/m)
  assert.match(screen, /^ {2}l {2}cut its line to the relay +no-relay/m)
})

test('fits every terminal from 80 columns and 24 lines on, whatever it has to say', () => {
  const cause =
    'the relay at a-rather-long-name.example.net:443 accepts the connection and then says nothing at all 東京'
  const absent = (['gone', 'silent', 'unknown'] as const).map(
    state => ({ running: false, state, problem: cause }) as const,
  )
  const cases: Drawn[] = [
    ...absent.map(reading => ({ first: { supervisor: reading, bridge: reading, led: undefined } })),
    ...STATE_NAMES.map(state => ({ first: { supervisor: supervises({ state, cause }), led: state } })),
    { first: { supervisor: supervises({ relay: null, connectedAt: null, retryAt: NOW_MS + 90_000 }) } },
    { first: { bridge: bridgeWith({ state: 'closed', cause, sessions: [] }) } },
    { message: cause.repeat(3) },
    { broken: BREAK_NAMES.map(name => ({ name, device: DEVICE })), chosen: 'kobe-rack1' },
    { folder: '/home/somebody/projects/of-this-year/out-of-band/oobm/.lab' },
    { news: Array.from({ length: 300 }, (_, at) => ({ atMs: NOW_MS, text: `${at} ${cause}` })) },
  ]
  for (const [columns, rows] of [
    [80, 24],
    [120, 40],
    [200, 50],
    [60, 10],
  ] as const)
    for (const change of cases) {
      const lines = draw({ ...change, columns, rows })
      assert.equal(
        lines.filter(line => textWidth(line) > columns),
        [],
      )
      assert.ok(lines.length <= rows, `${lines.length} lines of ${rows}`)
    }
})

test('on 24 lines, each key and a line of what happened is there; a larger one has every command', () => {
  const news = [{ atMs: NOW_MS, text: 'tokyo-rack1 ready: proved' }]
  const small = text({ news })
  for (const key of ['l', 'a', 's', 'k', 'b', 'r', 'h']) assert.match(small, new RegExp(`^  ${key}  `, 'm'))
  assert.match(small, /\d\d:\d\d:\d\d tokyo-rack1 ready: proved$/)
  assert.not.match(small, 'settings push')
  const large = text({ news, rows: 50, columns: 120 })
  assert.match(large, 'settings push --all')
  assert.match(large, 'tokyo-rack1 ready: proved')
})

test('never cuts a command: from a folder with a long name, one goes there first', () => {
  const folder = '/home/somebody/projects/of-this-year/out-of-band/oobm/.lab'
  const screen = text({ folder })
  assert.match(screen, `In another terminal:\n  cd ${folder}\n`)
  assert.match(screen, /^ {2}\.\/alice oobm-relay desk/m)
  assert.match(text({ folder, columns: 120 }), `  ${folder}/alice oobm-relay desk `)
})

test('says of each device why it is as it is, where there is room', () => {
  const first = {
    supervisor: supervises({ state: 'no-relay', cause: 'no answer', connectedAt: null, retryAt: NOW_MS + 3_000 }),
  }
  assert.match(text({ first }), /no answer; LED .*; no tunnel, next try in 3s/)
  assert.match(text({ first, columns: 200 }), /tokyo-rack1 +no-relay +proved 12s +core-sw1: .* no answer\n/)
  const closed = bridgeWith({ state: 'closed', cause: 'unplugged', sessions: [] })
  assert.match(text({ first: { bridge: closed } }), 'core-sw1 closed: unplugged')
})

test('a key mends what it broke, of the device that is chosen', () => {
  const broken: Broken[] = [
    { name: 'line', device: DEVICE },
    { name: 'relay', device: undefined },
  ]
  assert.match(text({ broken }), /^ {2}l {2}join its line again/m)
  assert.match(text({ broken }), 'relay 127.0.0.1:54321 (stopped)')
  const other = text({ broken, chosen: 'osaka-rack1' })
  assert.match(other, /^ {2}l {2}cut its line/m)
  assert.match(other, /^ {2}r {2}start the relay/m)
  assert.match(other, /^> ● osaka-rack1/m)
})

test('plays the pattern of the LED', () => {
  const lampAt = (ms: number) => /^> (.)/m.exec(text({ first: { led: 'ready' }, nowMs: NOW_MS + ms }))?.[1]
  const [[onMs, offMs]] = STATES.ready.pattern
  assert.is(lampAt(0), '●')
  assert.is(lampAt(onMs + 10), '○')
  assert.is(lampAt(onMs + offMs + 10), '●')
})

test('shows nothing of what a daemon said before it hung', () => {
  const silent = { running: false, state: 'silent', problem: 'X has not answered for 40 s' } as const
  const row = draw({ first: { supervisor: silent, bridge: silent, led: undefined } })[1] ?? ''
  assert.match(row, /^> ○ tokyo-rack1 {2}not answering +X has not answered for 40 s/)
})

test('leaves the simulator’s tricks out where a real port is', () => {
  const screen = text({ rows: 50, columns: 120, first: { equipment: '/dev/ttyUSB0' } })
  assert.match(screen, '/dev/ttyUSB0; Enter')
  assert.not.match(screen, 'rommon')
})

test.run()
