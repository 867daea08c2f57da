import * as assert from 'uvu/assert'
import { type Paint, PLAIN } from '../../../cli/paint.ts'
import { textWidth } from '../../../cli/width.ts'
import { suite } from '../../../testbed/suite.ts'
import { parseFleet } from '../../fleet/fleet-config.ts'
import type { DeviceView } from '../../relay/state/device-view.ts'
import { drawTop, OLD_MS, type TopScreen } from './draw-top.ts'
import { fleetRows, type RowOptions } from './fleet-rows.ts'
import { viewsOf } from './known-views.ts'
import { changedLines } from './terminal.ts'
import { FIRST_STATE, type Key, press, settle, type TopState } from './top-state.ts'

const test = suite('top')
const NOW_MS = 1_800_000_000_000

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDbnmHS+8Y0Pw7cRuyxH1EbU9JZRqj6bRsPyP+Xz6kx6'
const FLEET = parseFleet(
  'fleet.toml',
  `version = 1
[[relays]]
name = "lon"
host = "relay.example.net"
user = "oobm"
host_keys = ["${KEY}"]
[[devices]]
name = "tokyo"
port = 20100
[[devices.consoles]]
name = "sw1"
path = "/dev/ttyUSB0"
label = "東京, rack 14"
`,
)

const alice = { technician: 'alice', types: true, forS: 60 }

function viewOf(device: string, state: string, more: Partial<DeviceView> = {}): DeviceView {
  const console = (name: string, open: boolean) => {
    return { name: `${name}`, open, cause: open ? '' : 'not plugged in', who: open ? [alice] : [], outputS: 7 }
  }
  return {
    ...{ device, state, connected: true, heard: { silentMs: 3_000 }, pace: { pingMs: 15_000, reportMs: 300_000 } },
    report: {
      ...{ v: 1, state, cause: 'because', sinceS: 7_200, proofS: 40, tookMs: 320, probeMs: 45.4, uplink: 'eth0' },
      ...{ sessions: { shell: 0, console: 1 }, software: '0.1.0', changes: [] },
      consoles: device === 'tokyo' ? [console('sw1', true), console('sw2', false)] : [],
    },
    ...{ maintenance: undefined, off: false },
    ...{ reportedAtMs: NOW_MS - 5_000, provedAtMs: NOW_MS - 45_000, sinceMs: NOW_MS - 7_205_000 },
    ...more,
  }
}

const VIEWS = [viewOf('osaka', 'ready'), viewOf('tokyo', 'no-console'), viewOf('nagoya', 'away', { connected: false })]
const ALL: RowOptions = { filter: 'all', search: '', hidesConsoles: false, isOld: () => false }
const idsOf = (options: Partial<RowOptions> = {}, views = VIEWS) =>
  fleetRows(FLEET, views, { ...ALL, ...options }).map(({ id }) => id)

test('rows are worst first, each device with its consoles below it', () => {
  assert.equal(idsOf(), ['nagoya', 'tokyo', 'tokyo sw1', 'tokyo sw2', 'osaka'])
  assert.equal(idsOf({ hidesConsoles: true }), ['nagoya', 'tokyo', 'osaka'])
  assert.equal(idsOf({ filter: 'trouble' }), ['nagoya', 'tokyo', 'tokyo sw2'])
  assert.equal(idsOf({ filter: 'in use' }), ['tokyo', 'tokyo sw1'])
})

test('a search finds what is shown: names, labels, people, states and causes', () => {
  assert.equal(idsOf({ search: '東京' }), ['tokyo', 'tokyo sw1'])
  assert.equal(idsOf({ search: 'ALICE' }), ['tokyo', 'tokyo sw1'])
  assert.equal(idsOf({ search: 'plugged' }), ['tokyo', 'tokyo sw2'])
  assert.equal(idsOf({ search: 'away' }), ['nagoya'])
  assert.equal(idsOf({ search: 'tokyo' }), ['tokyo', 'tokyo sw1', 'tokyo sw2'])
  assert.equal(idsOf({ search: 'nowhere' }), [])
})

function screenOf(more: Partial<TopScreen> = {}, options: Partial<RowOptions> = {}): TopScreen {
  const views = more.views ?? VIEWS
  const rows = fleetRows(FLEET, views, { ...ALL, ...options })
  const state = settle({ ...FIRST_STATE, ...more.state }, rows, rows, 10)
  const relays = [{ name: 'lon', heardAtMs: NOW_MS - 1_000, problem: undefined }]
  return {
    ...{ rows, views, relays, message: '', nowMs: NOW_MS, columns: 80, lines: 24, paint: PLAIN },
    ...more,
    state,
  }
}
const bare = (line: string) => line.replace(/\x1b\[\d+m/g, '')

test('a screen has exactly the lines and at most the columns of the terminal', () => {
  for (const [columns, lines] of [
    [80, 24],
    [200, 50],
    [40, 8],
    [20, 5],
    [1, 1],
    [109, 24],
  ] as const)
    for (const isHelp of [false, true]) {
      const drawn = drawTop(screenOf({ columns, lines, state: { ...FIRST_STATE, isHelp } })).map(bare)
      assert.ok(isHelp ? drawn.length <= lines : drawn.length === lines, `${drawn.length} of ${lines}`)
      for (const line of drawn) assert.ok(textWidth(line) <= columns, `${columns}: ${line}`)
    }
  const [title, head, ...rest] = drawTop(screenOf()).map(bare)
  assert.match(title ?? '', /^oobm-relay top {2}3 devices, 2 proved, 1 console closed, 1 in use .*lon 1s ago$/)
  assert.match(head ?? '', /^ {2}DEVICE \/ CONSOLE +STATE +OUTPUT PROVED SINCE WHO \/ WHY$/)
  assert.match(rest[0] ?? '', /^> nagoya +away +45s +2h +not connected; its last r…$/)
  assert.match(rest[2] ?? '', /^ {4}sw1 +open +12s +alice types · 東京, rack …$/)
  assert.match(rest[3] ?? '', /^ {4}sw2 +CLOSED +12s +not plugged in/)
  assert.match(rest.at(-1) ?? '', /^Enter open {2}\/ search .* q end +1\/5$/)
})

test('no state is told by a colour alone, and the choice has a sign', () => {
  const paint: Paint = {
    good: t => `\x1b[32m${t}\x1b[39m`,
    poor: t => t,
    bad: t => `\x1b[31m${t}\x1b[39m`,
    faint: t => t,
    strong: t => t,
  }
  assert.equal(drawTop(screenOf({ paint })).map(bare), drawTop(screenOf()).map(bare))
  assert.match(drawTop(screenOf({ paint }))[2] ?? '', /^\x1b\[7m\x1b\[31m> nagoya/)
})

test('nothing that a device says is obeyed by the terminal, or moves a column', () => {
  const evil = '\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\u2028\r\n東'
  const { report } = viewOf('tokyo', 'ready')
  assert.ok(report)
  const console = {
    name: evil,
    open: false,
    cause: evil,
    who: [{ technician: evil, types: true, forS: 1 }],
    outputS: 1,
  }
  const view = viewOf('tokyo', evil, {
    report: {
      ...report,
      state: evil,
      cause: evil,
      software: evil,
      uplink: evil,
      consoles: [console, { ...console, open: true }],
    },
    maintenance: { state: 'off', until: null, at: 1, by: evil, reason: evil },
  })
  for (const off of [false, true])
    for (const selected of ['tokyo', `tokyo ${evil}`]) {
      const relays = [{ name: 'lon', heardAtMs: undefined, problem: evil }]
      const state = { ...FIRST_STATE, selected }
      const text = drawTop(screenOf({ views: [{ ...view, off }], columns: 200, relays, message: evil, state }))
        .map(bare)
        .join('\n')
      assert.not.match(text, /[^\P{C}\n]|\u2028/u)
      assert.match(text, /\?\[2J/)
    }
})

test('a relay that is not heard is named, and what it said counts no more', () => {
  const known = { name: 'lon', views: new Map(VIEWS.map(view => [view.device, view])) }
  const { views, isOld } = viewsOf([{ ...known, heardAtMs: NOW_MS - OLD_MS - 1 }], NOW_MS)
  const relays = [{ name: 'lon', heardAtMs: NOW_MS - 61_000, problem: 'Connection reset' }]
  const lines = drawTop(screenOf({ views, relays }, { isOld })).map(bare)
  assert.match(lines[1] ?? '', /^relay lon has said nothing for 1m: Connection reset; r logs in again/)
  assert.match(lines.join('\n'), /^ {2}osaka +ready\? /m)
  assert.match(lines.join('\n'), /^ {4}sw1 +open\? /m)
  assert.not.match(lines.join('\n'), /alice types/)
  const second = { name: 'fra', views: new Map(), heardAtMs: NOW_MS }
  const both = viewsOf([{ ...known, heardAtMs: undefined }, second], NOW_MS)
  assert.equal(
    both.views.map(view => [view.device, view.relay, both.isOld(view)]),
    [
      ['osaka', 'lon', true],
      ['tokyo', 'lon', true],
      ['nagoya', null, true],
    ],
  )
  assert.is(viewsOf([{ ...known, heardAtMs: NOW_MS }, second], NOW_MS).views.some(both.isOld), true)
})

test('keys move, search, filter, open and end; the choice stays on its row', () => {
  const rows = fleetRows(FLEET, VIEWS, ALL)
  let state: TopState = settle(FIRST_STATE, rows, [], 3)
  const after = (...keys: Key[]) => {
    let action: string | undefined
    for (const key of keys) ({ state, action } = { action: undefined, ...press(state, key, rows, 3) })
    state = settle(state, rows, rows, 3)
    return action
  }
  assert.is(state.selected, 'nagoya')
  after({ name: 'down' }, { sequence: 'j' }, { name: 'j', sequence: 'j' })
  assert.equal([state.selected, state.first], ['tokyo sw2', 1])
  after({ name: 'end' })
  assert.equal([state.selected, state.first], ['osaka', 2])
  after({ name: 'pageup' }, { sequence: 'k' })
  assert.is(state.selected, 'nagoya')
  assert.is(after({ name: 'return', sequence: '\r' }), 'open')
  after(
    { sequence: '/' },
    { name: 'q', sequence: 'q' },
    { sequence: '東' },
    { sequence: '\x1b[200~' },
    { name: 'j', sequence: 'j' },
  )
  assert.equal([state.isTyping, state.search], [true, 'q東j'])
  after({ name: 'backspace', sequence: '\x7f' }, { name: 'return', sequence: '\r' })
  assert.equal([state.isTyping, state.search], [false, 'q東'])
  after({ sequence: 'f' }, { name: 'tab', sequence: '\t' })
  assert.equal([state.filter, state.hidesConsoles], ['trouble', true])
  after({ name: 'escape', sequence: '\x1b' })
  assert.equal([state.filter, state.search], ['all', ''])
  assert.is(after({ sequence: '?' }, { sequence: 'q' }), undefined)
  assert.is(after({ sequence: 'q' }), 'quit')
  assert.is(after({ name: 'c', ctrl: true }), 'quit')
  state = settle({ ...state, selected: 'tokyo sw1' }, rows.toReversed(), rows, 3)
  assert.is(state.selected, 'tokyo sw1')
  state = settle(
    state,
    rows.filter(({ console }) => console === undefined),
    rows,
    3,
  )
  assert.is(state.selected, 'osaka', 'the one in its place')
  assert.is(settle(state, [], rows, 3).selected, undefined)
})

test('only lines that differ are written, each at its place', () => {
  assert.is(changedLines(['a', 'b'], ['a', 'b']), '')
  assert.is(changedLines(['a', 'b', 'c'], ['a', 'B']), '\x1b[2;1H\x1b[KB\x1b[0m\x1b[3;1H\x1b[K\x1b[0m')
})

test.run()
