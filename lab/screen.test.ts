import { stripVTControlCharacters } from 'node:util'
import * as assert from 'uvu/assert'
import { STATE_NAMES, STATES } from '../formats/states.ts'
import type { ConsoleStatus, SupervisorStatus } from '../formats/status-file.ts'
import { suite } from '../testbed/suite.ts'
import { renderScreen, type ScreenState } from './screen.ts'

const test = suite('screen')
const NOW_MS = 1_800_000_000_000

const supervisor: SupervisorStatus = {
  version: 1,
  device: 'lab-device',
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
const bridge: ConsoleStatus = {
  version: 1,
  software: '0.1.0',
  pid: 2,
  heartbeat: { bootId: 'b', uptimeMs: 0 },
  port: 2222,
  consoles: [
    {
      name: 'router1',
      path: 'sim:router',
      settings: '9600 8N1',
      state: 'open',
      cause: '',
      since: NOW_MS,
      lastOutputAt: NOW_MS,
      bytesIn: 1,
      bytesOut: 1,
      sessions: [
        { id: 1, technician: 'you', writer: true, from: 'relay', since: NOW_MS },
        { id: 2, technician: 'bob', writer: false, from: 'relay', since: NOW_MS },
      ],
    },
  ],
}
const state: ScreenState = {
  directory: '.lab',
  equipment: 'sim:router',
  supervisor: { running: true, status: supervisor },
  bridge: { running: true, status: bridge },
  led: 'in-use',
  ledSinceMs: NOW_MS,
  nowMs: NOW_MS,
  relayPids: [1234567, 1234568],
  deviceSshdPid: 1234569,
}

const ABSENT = ['gone', 'silent', 'unknown'] as const

function absent(state: (typeof ABSENT)[number], problem: string): Pick<ScreenState, 'supervisor' | 'bridge'> {
  const reading = { running: false, state, problem } as const
  return { supervisor: reading, bridge: reading }
}

type Line = ConsoleStatus['consoles'][number]

const WATCHERS: Line['sessions'] = Array.from({ length: 5 }, (_, id) => ({
  ...{ id, technician: `technician-${id}`, writer: false, from: 'relay', since: NOW_MS },
}))

function bridgeWith(changes: Partial<Line>): ScreenState['bridge'] {
  return {
    running: true,
    status: { ...bridge, consoles: bridge.consoles.map(line => ({ ...line, ...changes })) },
  }
}

function supervises(changes: Partial<SupervisorStatus>): Pick<ScreenState, 'supervisor'> {
  return { supervisor: { running: true, status: { ...supervisor, ...changes } } }
}

function text(change: Partial<ScreenState> = {}): string {
  return renderScreen({ ...state, ...change })
    .map(stripVTControlCharacters)
    .join('\n')
}

test('says how the device is, who is on its console, and what to type', () => {
  const screen = text()
  assert.match(screen, 'status  in-use, proved 12 s ago by self-test in 307 ms\n          proved, and somebody is in')
  assert.match(screen, 'relay   127.0.0.1:54321, tunnel up for 5 min, last probe 4 ms')
  assert.match(screen, 'console router1 on sim:router 9600 8N1, open; you types, bob watches')
  assert.match(screen, 'ssh -F .lab/ssh_config console ')
  assert.match(screen, 'kill -STOP 1234567 1234568')
})

test('fits a terminal of 80 columns and 24 lines, whatever it has to say', () => {
  const cause = 'the relay at a-rather-long-name.example.net:443 accepts the connection and then says nothing at all'
  const states: Partial<ScreenState>[] = [
    ...ABSENT.flatMap(state => [undefined, 'ready' as const].map(led => ({ ...absent(state, cause), led }))),
    ...STATE_NAMES.flatMap(state =>
      (['login', 'self-test'] as const).map(by => {
        const proof = { ...supervisor.proof, provedAt: NOW_MS - 90 * 60_000, by, tookMs: 12_345 }
        return { ...supervises({ state, cause, proof }), led: state }
      }),
    ),
    supervises({ relay: null, connectedAt: null, retryAt: NOW_MS + 90_000 }),
    ...[[], WATCHERS].map(sessions => ({ bridge: bridgeWith({ state: 'closed', cause, sessions }) })),
  ]
  for (const change of states) {
    const lines = text(change).split('\n')
    assert.equal(
      lines.filter(line => line.length > 80),
      [],
    )
    assert.ok(lines.length <= 23, `${lines.length} lines`)
  }
})

test('plays the pattern of the LED', () => {
  const lampAt = (ms: number) => /LED +(.)/.exec(text({ led: 'ready', nowMs: NOW_MS + ms }))?.[1]
  const [[onMs, offMs]] = STATES.ready.pattern
  assert.is(lampAt(0), '●')
  assert.is(lampAt(onMs + 10), '○')
  assert.is(lampAt(onMs + offMs + 10), '●')
  assert.match(text({ led: undefined }), '○ dark')
})

test('says when the next try comes, and why a line is closed', () => {
  const down = { state: 'no-relay', connectedAt: null } as const
  assert.match(text(supervises({ ...down, retryAt: NOW_MS + 3_000 })), 'no tunnel, next try in 3 s')
  assert.match(text(supervises({ ...down, retryAt: NOW_MS - 10 })), 'no tunnel, trying now')
  const closed = bridgeWith({ state: 'closed', cause: 'unplugged', sessions: [] })
  assert.match(text({ bridge: closed }), 'closed: unplugged; nobody is on it')
})

test('shows nothing of what a daemon said before it hung, and no pattern', () => {
  const at = (ms: number) =>
    text({ ...absent('silent', 'X has not answered for 40 s'), led: 'ready', nowMs: NOW_MS + ms })
  assert.match(at(0), 'status  not answering\n          X has not answered for 40 s')
  assert.match(at(0), 'console X has not answered for 40 s')
  assert.match(at(0), 'LED     ● does not move')
  assert.not.match(at(0), /ready|in-use|proved|router1/)
  const [[onMs]] = STATES.ready.pattern
  assert.is(at(onMs + 10), at(0))
})

test('leaves the simulator’s tricks out where a real port is', () => {
  const screen = text({ equipment: '/dev/ttyUSB0' })
  assert.match(screen, '/dev/ttyUSB0; there:')
  assert.not.match(screen, 'rommon')
  assert.not.match(screen, 'reload')
})

test.run()
