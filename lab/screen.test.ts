import { stripVTControlCharacters } from 'node:util'
import * as assert from 'uvu/assert'
import type { ConsoleStatus, SupervisorStatus } from '../runtime/status-file.ts'
import { STATUS_WORDS, WORDS } from '../runtime/status-words.ts'
import { suite } from '../tools/suite.ts'
import { renderScreen, type ScreenState } from './screen.ts'

const test = suite('screen')
const NOW_MS = 1_800_000_000_000

const supervisor: SupervisorStatus = {
  version: 1,
  device: 'lab-device',
  software: '0.1.0',
  pid: 1,
  heartbeat: { bootId: 'b', uptimeMs: 0 },
  word: 'in-use',
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
  supervisor,
  bridge,
  led: 'in-use',
  ledSinceMs: NOW_MS,
  nowMs: NOW_MS,
  relayPids: [1234567, 1234568],
  deviceSshdPid: 1234569,
}

function text(change: Partial<ScreenState> = {}): string {
  return renderScreen({ ...state, ...change })
    .map(stripVTControlCharacters)
    .join('\n')
}

test('says how the device is, who is on its console, and what to type', () => {
  const screen = text()
  assert.match(screen, 'status  in-use, proved 12 s ago in 307 ms\n          proved, and somebody is in')
  assert.match(screen, 'relay   127.0.0.1:54321, tunnel up for 5 min, last probe 4 ms')
  assert.match(screen, 'console router1 on sim:router 9600 8N1, open; you types, bob watches')
  assert.match(screen, 'ssh -F .lab/ssh_config console ')
  assert.match(screen, 'kill -STOP 1234567 1234568')
})

test('fits a terminal of 80 columns and 24 lines, whatever it has to say', () => {
  const cause = 'the relay at a-rather-long-name.example.net:443 accepts the connection and then says nothing at all'
  const states: Partial<ScreenState>[] = [
    { supervisor: undefined, bridge: undefined, led: undefined },
    ...WORDS.map(word => ({ supervisor: { ...supervisor, word, cause }, led: word })),
    { supervisor: { ...supervisor, relay: null, connectedAt: null, retryAt: NOW_MS + 90_000 } },
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
  const [[onMs, offMs]] = STATUS_WORDS.ready.pattern
  assert.is(lampAt(0), '●')
  assert.is(lampAt(onMs + 10), '○')
  assert.is(lampAt(onMs + offMs + 10), '●')
  assert.match(text({ led: undefined }), '○ dark')
})

test('says when the next try comes, and why a line is closed', () => {
  const down: SupervisorStatus = { ...supervisor, word: 'no-relay', connectedAt: null, retryAt: NOW_MS + 3_000 }
  assert.match(text({ supervisor: down }), 'no tunnel, next try in 3 s')
  assert.match(text({ supervisor: { ...down, retryAt: NOW_MS - 10 } }), 'no tunnel, trying now')
  const [line] = bridge.consoles
  assert.ok(line)
  const closed = { ...bridge, consoles: [{ ...line, state: 'closed' as const, cause: 'unplugged', sessions: [] }] }
  assert.match(text({ bridge: closed }), 'closed: unplugged; nobody is on it')
})

test('leaves the simulator’s tricks out where a real port is', () => {
  const screen = text({ equipment: '/dev/ttyUSB0' })
  assert.match(screen, '/dev/ttyUSB0; there:')
  assert.not.match(screen, 'rommon')
  assert.not.match(screen, 'reload')
})

test.run()
