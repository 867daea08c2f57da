import * as assert from 'uvu/assert'
import type { DeviceReport } from '../../../formats/control-protocol.ts'
import { ConfigurationError } from '../../../runtime/errors.ts'
import { suite } from '../../../testbed/suite.ts'
import type { HistoryEntry } from '../history.ts'
import type { DeviceView } from '../state/device-view.ts'
import type { RelayEvent } from './event.ts'
import { parseEventsConfig, syslogTarget } from './events-config.ts'
import { freshLines } from './fresh-lines.ts'
import { fromHistory } from './from-history.ts'
import { Outbox, WAIT_MAX_MS, WAITING_MAX } from './outbox.ts'
import { framed, syslogMessage } from './sinks/syslog-message.ts'
import { parseHeaders } from './sinks/webhook-sink.ts'
import { type DeviceMemory, watchDevice } from './watch-devices.ts'

const test = suite('events')
const NOW_MS = Date.parse('2026-11-27T04:20:00Z')
const MINUTE = 60_000

const REPORT: DeviceReport = {
  ...{ v: 1, state: 'ready', cause: '', sinceS: 60, proofS: 10, tookMs: null, probeMs: null },
  ...{ sessions: { shell: 0, console: 0 }, software: '1', uplink: null, changes: [] },
  consoles: [{ name: 'sw1', open: true, cause: '', who: [] }],
}

function view(more: Partial<DeviceView> = {}, report: Partial<DeviceReport> = {}): DeviceView {
  return {
    ...{ device: 'tokyo', state: 'ready', connected: true, heard: { silentMs: 3_000 }, off: false },
    ...{ pace: { pingMs: 15_000, reportMs: 300_000 }, maintenance: undefined, report: { ...REPORT, ...report } },
    ...{ reportedAtMs: NOW_MS, provedAtMs: NOW_MS - 10_000, sinceMs: NOW_MS - MINUTE },
    ...more,
  }
}

/** What is told at each of these looks, half a minute apart. */
function looks(views: readonly DeviceView[], { others = [] as string[], isFirst = false } = {}): string[][] {
  let memory: DeviceMemory | undefined
  return views.map((one, index) => {
    const nowMs = NOW_MS + index * 30_000
    const seen = watchDevice(memory, one, { nowMs, settleMs: MINUTE, others, isFirst: isFirst && index === 0 })
    ;({ memory } = seen)
    return seen.happened.map(({ event }) => event)
  })
}

const AWAY = { connected: false, heard: undefined, state: 'away', sinceMs: NOW_MS - 5_000 }

test('a device is told as lost after a minute, once, and as proved when it is', () => {
  const away = view(AWAY)
  const told = [[], [], [], ['device-lost'], [], ['device-proved'], []]
  assert.equal(looks([view(), away, away, away, away, view(), view()]), told)
  for (const state of ['silent', 'unproved', 'duplicate', 'no-relay', 'constructor'])
    assert.equal(looks([view(), view({ state }), view({ state }), view({ state })]).at(-1), ['device-lost'], state)
  assert.equal(looks([view(), away, view(), away, view()]), [[], [], [], [], []], 'a short one is not told')
  assert.equal(
    looks([view(), view({ ...AWAY, off: true }), view({ ...AWAY, off: true }), view({ ...AWAY, off: true })]).flat(),
    [],
  )
  const never = view({ ...AWAY, state: 'never', report: undefined, provedAtMs: undefined })
  assert.equal(looks([never, never, never, never]).flat(), [], 'one that was never here is not lost')
  assert.equal(looks([away, away, away, away]).flat(), ['device-lost'], 'one that is lost at the first look is')
})

test('a device of several relays that has gone from this one has left, and is not lost', () => {
  const away = view(AWAY)
  assert.equal(looks([view(), away, away, away, view()], { others: ['par'] }).flat(), ['device-left', 'device-proved'])
  const silent = view({ state: 'silent' })
  assert.equal(looks([view(), silent, silent, silent], { others: ['par'] }).flat(), ['device-lost'])
})

test('the text says which device, what, since when, and what to type next', () => {
  const look = (nowMs: number, one: DeviceView, memory?: DeviceMemory) =>
    watchDevice(memory, one, { nowMs, settleMs: 0, others: [], isFirst: false }).happened[0]
  assert.equal(look(NOW_MS + 5_000, view(AWAY)), {
    ...{ event: 'device-lost', device: 'tokyo', state: 'away', provedAt: '2026-11-27T04:19:50.000Z' },
    ...{ since: '2026-11-27T04:19:55.000Z', at: '2026-11-27T04:20:05.000Z', next: 'oobm-relay status tokyo' },
    text: 'tokyo: nobody can get in, away since 2026-11-27 04:19:55 UTC (10s ago) (not connected to this relay); last proved 2026-11-27 04:19:50 UTC (15s ago)',
  })
  const consoles = [{ name: 'sw1', open: false, cause: 'no /dev/ttyUSB0', who: [] }]
  const closed = look(NOW_MS, view({ state: 'no-console' }, { consoles }))
  assert.is(closed?.text, 'tokyo: console sw1 is closed since 2026-11-27 04:20:00 UTC (0s ago): no /dev/ttyUSB0')
})

test('consoles are told while the device says how they are, and not by its last report', () => {
  const shut = { consoles: [{ name: 'sw1', open: false, cause: 'x', who: [] }] }
  const closed = view({ state: 'no-console' }, shut)
  assert.equal(looks([view(), closed, closed, closed, view()]).flat(), ['console-closed', 'console-open'])
  const gone = view({ ...AWAY }, shut)
  assert.not(looks([view(), gone, gone, gone, gone]).flat().includes('console-closed'))
})

test('who comes is told once, and not who was in before', () => {
  const on = (forS: number, name = 'alice') =>
    view({}, { consoles: [{ name: 'sw1', open: true, cause: '', who: [{ technician: name, types: true, forS }] }] })
  assert.equal(looks([view(), on(3), on(4), on(4, 'bob'), on(400)]).flat(), ['login', 'login', 'login'])
  assert.equal(looks([on(30), on(30)], { isFirst: true }).flat(), [])
  assert.equal(looks([view(), view({}, { sessions: { shell: 2, console: 0 } })]).flat(), ['login'])
})

test('a device that reports what it likes makes a bounded number of events', () => {
  const who = Array.from({ length: 64 }, (_, n) => ({ technician: `t${n}`, types: false, forS: 0 }))
  const [, told = []] = looks([view(), view({}, { consoles: [{ name: 'sw1', open: true, cause: '', who }] })])
  assert.equal([told.length, told.at(-1)], [33, 'dropped'])
})

const ENTRY: HistoryEntry = {
  at: '2026-11-27T04:20:07.000Z',
  by: 'tokyo',
  event: 'alert',
  device: 'tokyo',
  source: 'device',
}

test('entries of the history are events of the kinds that people choose from', () => {
  const cases: [Partial<HistoryEntry>, kind: string, text: RegExp][] = [
    [
      { console: 'sw1', rule: 'ios-fan', count: 1 },
      'alert',
      /^console sw1 at tokyo: rule ios-fan matched at 2026-11-27 04:20:07 UTC$/,
    ],
    [
      { console: 'sw1', rule: 'r', count: 9, from: '2026-11-27T04:00:00Z', typist: 'bob' },
      'alert',
      /9 times from 2026-11-27 04:00:00 UTC to .*, after input by bob/,
    ],
    [
      { event: 'break', console: 'sw1', technician: 'alice', reason: '400 ms' },
      'break',
      /alice sent a BREAK at .*: 400 ms$/,
    ],
    [
      { event: 'settings', reason: 'serial 7 refused: the signature is bad' },
      'settings-refused',
      /did not take effect.*the signature is bad/,
    ],
    [{ event: 'settings', reason: 'serial 7 undone' }, 'settings-refused', /undone/],
    [{ event: 'settings', reason: 'serial 7 in-force' }, 'settings', /in-force/],
    [{ event: 'settings', reason: 'serial 7 refused', source: undefined }, 'settings', /./],
    [
      { event: 'refused', technician: 'eve', address: '192.0.2.9', reason: 'no such console' },
      'login-refused',
      /eve was refused at .*, from 192\.0\.2\.9: no such console/,
    ],
    [
      { event: 'Stop Remote M.', by: 'carol', to: '2026-11-28T00:00:00Z' },
      'access-off',
      /carol switched access off at .*, until 2026-11-28/,
    ],
    [{ event: 'lost', reason: '12 events that no relay received' }, 'dropped', /12 events/],
    [{ event: 'constructor' }, 'operator', /./],
    [{ event: 'break', reason: '\x1b[2J' }, 'break', /: \?\[2J$/],
  ]
  for (const [more, kind, text] of cases) {
    const event = fromHistory({ ...ENTRY, ...more })
    assert.is(event?.event, kind, JSON.stringify(more))
    assert.match(event?.text ?? '', text)
  }
  assert.is(fromHistory({ ...ENTRY, event: 'lost', reason: '12 events that no relay received' })?.count, 12)
  assert.is(fromHistory({ ...ENTRY, at: 'yesterday' }), undefined)
})

test('new lines are those after the last one that was read, whatever was dropped meanwhile', () => {
  const first = freshLines('a\nb\n', 0, undefined)
  assert.equal([first.fresh, first.missed], [['a', 'b'], 0])
  const cases: [text: string, gone: number, fresh: string[], missed: number][] = [
    ['a\nb\n', 0, [], 0],
    ['a\nb\nc\n', 0, ['c'], 0],
    // The count of the dropped is written a moment before they are dropped.
    ['a\nb\n', 1, [], 0],
    ['b\nc\n', 1, ['c'], 0],
    ['c\nd\n', 2, ['c', 'd'], 0],
    ['f\ng\n', 5, ['f', 'g'], 3],
    ['a\nb\nhalf', 0, [], 0],
    ['x\n', 0, ['x'], 0],
    ['', 0, [], 0],
  ]
  for (const [text, gone, fresh, missed] of cases) {
    const found = freshLines(text, gone, first.mark)
    assert.equal([found.fresh, found.missed], [fresh, missed], JSON.stringify(text))
  }
})

let made = 0
const event = (more: Partial<RelayEvent> = {}): RelayEvent => ({
  ...{
    version: 1,
    id: `e${made++}`,
    event: 'alert',
    severity: 'warning',
    at: new Date(NOW_MS).toISOString(),
    relay: 'lon',
  },
  ...{ text: 'x', ...more },
})

test('an outbox keeps the order, and says first how many it dropped', () => {
  const outbox = new Outbox('lon')
  const all = Array.from({ length: WAITING_MAX + 3 }, () => event())
  for (const one of all) outbox.put(one)
  const [told, next] = outbox.next(2, NOW_MS)
  assert.equal([told?.event, told?.count, next?.id], ['dropped', 3, all[3]?.id])
  outbox.taken(
    [told, next].filter(one => one !== undefined),
    2,
  )
  assert.equal(outbox.next(1, NOW_MS)[0]?.id, all[4]?.id)
  assert.equal([outbox.state.dropped, outbox.state.delivered], [3, 2])

  // What is dropped while the first is on its way does not take the next one with it.
  const [sent] = outbox.next(1, NOW_MS)
  for (let n = 0; n < 2; n++) outbox.put(event())
  outbox.taken([sent as RelayEvent], 1)
  assert.equal(outbox.next(2, NOW_MS).map(({ event, id }) => [event, id])[1], ['alert', all[5]?.id])
})

test('what waits for a day, and what is refused, is dropped and told', () => {
  const outbox = new Outbox('lon')
  outbox.put(event())
  const late = event({ at: new Date(NOW_MS + WAIT_MAX_MS).toISOString() })
  outbox.put(late)
  assert.equal(
    outbox.next(2, NOW_MS + WAIT_MAX_MS + 1).map(({ event, count }) => [event, count]),
    [
      ['dropped', 1],
      ['alert', undefined],
    ],
  )
  const again = new Outbox('lon', JSON.parse(JSON.stringify(outbox.state)))
  const told = again.next(1, NOW_MS + WAIT_MAX_MS + 1)
  again.taken(told, 1)
  again.refused(again.next(1, NOW_MS + WAIT_MAX_MS + 1))
  assert.equal(
    again.next(9, NOW_MS + WAIT_MAX_MS + 1).map(({ event, count }) => [event, count]),
    [['dropped', 1]],
  )
  // One that says so and is refused itself is not told for ever.
  again.refused(again.next(1, NOW_MS))
  assert.equal(again.next(1, NOW_MS), [])
})

test('a message of RFC 5424: severity, structured data with what is special escaped, a byte order mark before what is not ASCII', () => {
  const one = event({
    event: 'device-lost',
    severity: 'error',
    device: 'to"k]y\\o',
    text: 'tokyo: lost',
    next: 'oobm-relay status tokyo',
  })
  assert.is(
    syslogMessage(one, 'relay host', 'local4'),
    `<163>1 2026-11-27T04:20:00.000Z relay_host oobm-relay - device-lost [oobm@32473 id="${one.id}" device="to\\"k\\]y\\\\o" relay="lon" next="oobm-relay status tokyo"] tokyo: lost; next: oobm-relay status tokyo`,
  )
  assert.match(
    syslogMessage(event({ text: '東京' }), '', 'daemon'),
    /^<28>1 .* - oobm-relay - alert \[.*\] \uFEFF東京$/,
  )
  assert.is(framed('é').toString(), '2 é')
})

test('refuses a wrong file with its line and what to do', () => {
  const sink = (lines: string) => `version = 1\n[[sinks]]\nname = "noc"\n${lines}\n`
  const cases: [text: string, says: RegExp][] = [
    ['version = 1', /sinks: .*/],
    ['version = 1\nsinks = []', /needs a \[\[sinks\]\]: without one, nobody is told/],
    [sink(''), /:2: sinks\[1\]: needs one of syslog, webhook and command/],
    [sink('syslog = "udp://x"\ncommand = ["/x"]'), /and not two/],
    [sink('syslog = "logs.example.net:514"'), /:4: .*must be udp:\/\/HOST, tcp:\/\/HOST or tls:\/\/HOST/],
    [sink('webhook = "ftp://x"'), /:4: .*must be an http:\/\/ or https:\/\/ address/],
    [sink('command = []'), /:4: /],
    [
      sink('command = ["/x"]\nevents = ["device-gone"]'),
      /:5: .*"device-gone" is not an event; there are: device-lost, /,
    ],
    [sink('command = ["/x"]\nheaders_file = "/y"'), /:5: .*is for a webhook/],
    [sink('webhook = "http://x/"\nca_file = "/y"'), /:5: .*is for tls:\/\/ and https:\/\//],
    [sink('webhook = "http://x/"\nurl = "y"'), /:5: .*url.*is not a setting here/],
    [`${sink('command = ["/x"]')}[[sinks]]\nname = "noc"\ncommand = ["/y"]`, /:6: .*is the name of another sink, too/],
    [`settle_s = -1\n${sink('command = ["/x"]')}`, /:1: settle_s/],
  ]
  for (const [text, says] of cases) {
    assert.throws(
      () => parseEventsConfig('events.toml', text),
      (err: unknown) => err instanceof ConfigurationError && says.test(err.message) && err.exitCode === 78,
      text,
    )
  }
  const { sinks, settleS } = parseEventsConfig('events.toml', sink('syslog = "tls://[2001:db8::1]"'))
  assert.equal(
    [settleS, syslogTarget(sinks[0]?.syslog ?? '')],
    [60, { transport: 'tls', host: '2001:db8::1', port: 6514 }],
  )
  assert.equal(syslogTarget('udp://logs.example.net:5514'), { transport: 'udp', host: 'logs.example.net', port: 5514 })
})

test('reads headers of a file, and names the line of what is none', () => {
  assert.equal(parseHeaders('Authorization: Bearer x y\n\nX-A:1\r\n'), { Authorization: 'Bearer x y', 'X-A': '1' })
  assert.throws(() => parseHeaders('A: b\nsecret'), /^line 2 is not "Name: value"$/)
})

test.run()
