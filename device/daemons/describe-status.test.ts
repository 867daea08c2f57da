import * as assert from 'uvu/assert'
import { PLAIN } from '../../cli/paint.ts'
import { STATE_NAMES, STATES } from '../../formats/states.ts'
import type { ConsoleStatus, SupervisorStatus } from '../../formats/status-file.ts'
import { suite } from '../../testbed/suite.ts'
import { describeStatus } from './describe-status.ts'
import type { Reading } from './read-daemon.ts'

const test = suite('describe-status')
const NOW = Date.UTC(2026, 10, 21, 12)

const ready: SupervisorStatus = {
  version: 1,
  device: 'tokyo-rack1',
  software: '1.2.3',
  pid: 1,
  heartbeat: { bootId: 'b', uptimeMs: 0 },
  state: 'ready',
  cause: 'proved through relay.example.net',
  since: NOW - 3_600_000,
  relay: { host: 'relay.example.net', port: 443 },
  connectedAt: NOW - 3_700_000,
  proof: { provedAt: NOW - 40_000, by: 'self-test', tookMs: 412.4, attempt: null, probeMs: 45 },
  sessions: { shell: 0, console: 1 },
  retryAt: null,
  changes: [{ at: NOW - 3_600_000, state: 'ready', cause: 'proved' }],
}

const bridge: ConsoleStatus = {
  version: 1,
  software: '1.2.3',
  pid: 2,
  heartbeat: { bootId: 'b', uptimeMs: 0 },
  port: 2222,
  consoles: [
    {
      name: 'core-sw1',
      path: '/dev/ttyUSB0',
      settings: '9600 8N1',
      state: 'open',
      cause: '',
      since: NOW - 1000,
      lastOutputAt: NOW - 5000,
      bytesIn: 1,
      bytesOut: 2,
      sessions: [
        { id: 1, technician: 'alice', writer: true, from: '10.0.0.1', since: NOW - 120_000 },
        { id: 2, technician: 'bob', writer: false, from: '10.0.0.2', since: NOW - 60_000 },
      ],
    },
  ],
}

function textOf(supervisor: Reading<SupervisorStatus>, console: Reading<ConsoleStatus>): string {
  return describeStatus(supervisor, console, NOW, PLAIN).join('\n')
}

test('the state comes first, with the age of the proof beside it', () => {
  const text = textOf({ running: true, status: ready }, { running: true, status: bridge })
  assert.match(text, /^ready {2}proved 40 s ago/)
  for (const part of ['relay.example.net:443, connected 1 h ago', 'took 412 ms, probe 45 ms', 'latest changes']) {
    assert.match(text, part)
  }
  assert.match(text, /alice types, from 10\.0\.0\.1, came 2 min ago\n\s+bob watches/)
})

test('a state that needs somebody says what they can do, and that nothing was ever proved', () => {
  const status: SupervisorStatus = {
    ...ready,
    state: 'no-relay',
    relay: null,
    connectedAt: null,
    retryAt: NOW + 8_000,
    proof: { provedAt: null, by: null, tookMs: null, attempt: null, probeMs: null },
  }
  const text = textOf({ running: true, status }, { running: true, status: bridge })
  assert.match(text, /^no-relay {2}never proved since the start/)
  assert.match(text, STATES['no-relay'].remedy)
  assert.match(text, 'in 8 s')
})

test('a daemon that is dead, or hangs, says nothing but how to restart it', () => {
  const rows = [
    ['gone', 'not running'],
    ['silent', 'not answering'],
    ['unknown', 'unknown'],
  ] as const
  for (const [state, heading] of rows) {
    const text = textOf(
      { running: false, state, problem: 'oobm-supervisor …' },
      { running: false, state, problem: 'oobm-console …' },
    )
    assert.match(text, new RegExp(`^${heading}  oobm-supervisor …$`, 'm'))
    assert.match(text, new RegExp(`^${heading}  oobm-console …$`, 'm'))
    assert.match(text, 'sudo systemctl restart oobm-supervisor')
    assert.match(text, 'sudo systemctl restart oobm-console')
  }
})

test('says which proof it was', () => {
  const text = (by: SupervisorStatus['proof']['by']) =>
    textOf({ running: true, status: { ...ready, proof: { ...ready.proof, by } } }, { running: true, status: bridge })
  assert.match(text('login'), /^ready {2}proved 40 s ago by a login through the tunnel {2}/)
  assert.match(text('self-test'), /proof +proved 40 s ago by the self-test, took 412 ms/)
  assert.match(text(null), /^ready {2}proved 40 s ago {2}\(/)
})

test('every state has its meaning and what to do on site; only a good one is painted as one', () => {
  const paint = { ...PLAIN, good: (text: string) => `[good ${text}]`, bad: (text: string) => `[bad ${text}]` }
  for (const state of STATE_NAMES) {
    const reading = { running: true, status: { ...ready, state } } as const
    const [first = '', ...rest] = describeStatus(reading, { running: true, status: bridge }, NOW, paint)
    assert.match(first, `[${['ready', 'in-use'].includes(state) ? 'good' : 'bad'} ${state}]`)
    assert.match(rest.join('\n'), STATES[state].meaning)
    assert.match(rest.join('\n'), STATES[state].remedy)
  }
})

test('a line that is closed says why', () => {
  const [line] = bridge.consoles
  if (!line) throw new Error('no console')
  const closed = { ...line, state: 'closed' as const, cause: 'unplugged', lastOutputAt: null }
  const text = textOf({ running: true, status: ready }, { running: true, status: { ...bridge, consoles: [closed] } })
  assert.match(text, 'closed: unplugged, since 1 s ago, silent since the start')
})

test('a line that flow control holds says so', () => {
  const [line] = bridge.consoles
  if (!line) throw new Error('no console')
  const held = { ...line, held: { since: NOW - 5_000, cause: 'the target sent XOFF' } }
  const text = textOf({ running: true, status: ready }, { running: true, status: { ...bridge, consoles: [held] } })
  assert.match(text, '/dev/ttyUSB0 9600 8N1  held: the target sent XOFF, since 5 s ago, heard 5 s ago')
})

test('says what somebody did at the button, and that it is not watched', () => {
  const outcome = 'a short press: tests the way in'
  const rows: [more: Partial<SupervisorStatus>, said: RegExp | undefined][] = [
    [{}, undefined],
    [{ button: { pin: 22, problem: null, last: null } }, undefined],
    [{ button: { pin: 22, problem: null, last: { at: NOW - 5_000, outcome } } }, /button +a short press: .*, 5 s ago/],
    [{ button: { pin: 22, problem: 'gpiod is not there', last: null } }, /button +is not watched: gpiod is not there/],
    [{ onLastGood: true }, /settings +the last that was proved is in use, by the button/],
  ]
  for (const [more, said] of rows) {
    const text = textOf({ running: true, status: { ...ready, ...more } }, { running: true, status: bridge })
    if (said === undefined) assert.not.match(text, /^button|^settings/m)
    else assert.match(text, said)
  }
})

test('says of a wireless interface that leads nowhere what was done about it, and what comes next', () => {
  const stuck: SupervisorStatus = {
    ...ready,
    state: 'no-relay',
    recovery: [
      {
        ...{ interface: 'wlan0', cause: 'gets no answer from its gateway', since: NOW - 540_000 },
        steps: [
          { step: 'reassociate', at: NOW - 360_000, result: 'done', detail: '' },
          { step: 'reload-driver', at: NOW - 60_000, result: 'refused', detail: 'too soon' },
        ],
        next: { step: 'reboot', at: NOW + 3_060_000 },
      },
    ],
  }
  const lines = describeStatus({ running: true, status: stuck }, { running: true, status: bridge }, NOW, PLAIN)
  const from = lines.findIndex(line => line.startsWith('  Wi-Fi'))
  assert.equal(lines.slice(from, from + 4), [
    '  Wi-Fi     wlan0 gets no answer from its gateway, since 9 min ago',
    '            logged in to the network again 6 min ago',
    '            driver reloaded 1 min ago: refused: too soon',
    '            next: reboot the board, in 51 min',
  ])
})

test('shows the page of a captive portal, and how old that is', () => {
  const portals = [{ interface: 'wlan0', page: 'http://portal.example/', at: NOW - 20_000 }]
  const text = textOf({ running: true, status: { ...ready, portals } }, { running: true, status: bridge })
  assert.match(text, '  portal    wlan0: http://portal.example/, answered 20 s ago')
})

test('names the ways that failed, and the interface where it is not the default route', () => {
  const relay = 'relay.example.net:443'
  const way = { rung: 'tls' as const, proxy: null, certificate: null }
  const ways: SupervisorStatus['ways'] = [
    { relay, rung: 'direct', interface: 'wlan0', cause: 'it does not answer', at: NOW - 5_000 },
    { relay, rung: 'proxy', interface: null, cause: 'it refuses', at: NOW - 5_000 },
    { relay, rung: 'tls', cause: null, at: NOW - 5_000 },
  ]
  const text = textOf({ running: true, status: { ...ready, way, ways } }, { running: true, status: bridge })
  assert.match(text, 'plain SSH over wlan0 failed 5 s ago: it does not answer')
  assert.match(text, 'the HTTP proxy failed 5 s ago: it refuses')
  assert.not.match(text, 'SSH within TLS failed')
})

test.run()
