/** What an auditor asks of `oobm-relay history`. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { programArgs } from '../../../testbed/programs.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite } from '../../../testbed/suite.ts'

const test = suite('oobm-relay history')

test(
  'tells what the relay did and what devices say, chosen by device, event, person, console and time; and what is missing',
  async context => {
    const state = await scratchDirectory(context)
    await mkdir(join(state, 'state/tokyo'), { recursive: true })
    await mkdir(join(state, 'logins'))
    await writeFile(
      join(state, 'history.jsonl'),
      [
        '{"at":"2026-11-26T04:20:07.123Z","by":"carol","event":"Stop Remote M.","device":"osaka","to":"2026-11-26T06:20:07.000Z","address":"192.0.2.7","key":"SHA256:abc","reason":"site visit"}',
        '{"at":"2026-11-26T05:00:00.000Z","by":"carol","event":"Start Remote M.","device":"osaka"}',
        '{"at":"2026-11-26T05:30',
      ].join('\n'),
    )
    const at = (time: string) => Date.parse(`2026-11-26T${time}Z`) / 1000
    const event = (time: string, more: object) => `${at(time)} ${JSON.stringify({ agoS: 0, ...more })}\n`
    await writeFile(
      join(state, 'state/tokyo/past'),
      event('04:30:00', {
        event: 'break',
        console: 'sw1',
        technician: 'alice',
        address: '127.0.0.1',
        detail: '300 ms',
        ref: 'x',
      }) +
        event('04:40:00', {
          event: 'break',
          console: 'sw1',
          technician: 'alice',
          address: '127.0.0.1',
          detail: '300 ms',
          ref: 'x',
        }) +
        event('04:45:00', { event: 'refused', detail: 'login as \u001b[31mroot' }) +
        event('04:45:30', { event: 'uplink', agoS: 2, fromS: 10, detail: 'eth0 to wlan0, 8 s without: a cause' }),
    )
    await writeFile(join(state, 'state/tokyo/past.gone'), '12\n')
    const alert = { event: 'alert', console: 'sw1', rule: 'ios-fan', ref: 'a1' }
    await writeFile(
      join(state, 'state/tokyo/alerts'),
      event('04:46:00', { ...alert, agoS: 60, fromS: 60, count: 1 }) +
        event('04:47:00', { ...alert, agoS: 1, fromS: 120, count: 340 }) +
        event('04:48:00', { ...alert, ref: 'a2', fromS: 0, count: 1, typist: 'alice', text: 'Faulty \u001b[31mfan' }) +
        event('04:48:30', { event: 'alert', console: 'sw1' }),
    )
    await writeFile(join(state, 'state/tokyo/alerts.gone'), '5\n')
    await writeFile(join(state, 'logins/bob'), `gone 3\n${at('04:50:00')}.7 ran sw1 tokyo 198.51.100.4 0 status\n`)
    const history = async (...args: string[]) => {
      const { code, stdout, stderr } = await runProgram(process.execPath, [
        ...[...programArgs('relay-config/main.ts'), 'history', '--state', state],
        ...args,
      ])
      return { code, stderr, lines: stdout.split('\n').slice(0, -1) }
    }
    const all = await history()
    assert.is(all.code, 0)
    assert.equal(all.lines, [
      '2026-11-26 04:20:07 UTC  carol         access off       osaka  to 2026-11-26 06:20:07 UTC  address 192.0.2.7  with key SHA256:abc  site visit',
      '2026-11-26 04:30:00 UTC  alice         break            tokyo  sw1  address 127.0.0.1  300 ms  (tokyo says so)',
      '2026-11-26 04:45:00 UTC  unknown       refused          tokyo  login as ?[31mroot  (tokyo says so)',
      '2026-11-26 04:45:28 UTC  tokyo         uplink           tokyo  from 2026-11-26 04:45:20 UTC to 2026-11-26 04:45:28 UTC  eth0 to wlan0, 8 s without: a cause  (tokyo says so)',
      '2026-11-26 04:46:59 UTC  tokyo         alert            tokyo  sw1  ios-fan, 340 times  from 2026-11-26 04:45:00 UTC to 2026-11-26 04:46:59 UTC  (tokyo says so)',
      '2026-11-26 04:48:00 UTC  tokyo         alert            tokyo  sw1  ios-fan, once  after input by alice  "Faulty ?[31mfan"  (tokyo says so)',
      '2026-11-26 04:50:00 UTC  bob           command          tokyo  sw1  address 198.51.100.4  status, by login; exit code 0',
      '2026-11-26 05:00:00 UTC  carol         access on        osaka',
    ])
    assert.equal(all.stderr.split('\n'), [
      `1 line of ${join(state, 'history.jsonl')} cannot be read`,
      'tokyo: 12 older entries of this device were dropped; the last 256 are kept',
      'tokyo: 5 older reports of alerts were dropped; the last 256 are kept',
      'bob: 3 older logins were dropped; at least the last 512 are kept',
      '',
    ])
    const eventsOf = async (...args: string[]) =>
      (await history('--json', ...args)).lines.map(line => (JSON.parse(line) as { event: string }).event)
    assert.equal(await eventsOf('tokyo'), ['break', 'refused', 'uplink', 'alert', 'alert', 'command'])
    assert.equal(await eventsOf('--event', 'access off'), ['Stop Remote M.'])
    assert.equal(await eventsOf('--event', 'Stop Remote M.'), ['Stop Remote M.'])
    assert.equal(await eventsOf('--by', 'alice'), ['break'])
    assert.equal(await eventsOf('--console', 'sw1'), ['break', 'alert', 'alert', 'command'])
    assert.equal(await eventsOf('--since', '2026-11-26 04:50'), ['command', 'Start Remote M.'])
    assert.equal(await eventsOf('--since', '2026-11-26', '--until', '2026-11-26 04:30:00 UTC'), [
      'Stop Remote M.',
      'break',
    ])
    assert.equal(await eventsOf('--last', '2'), ['command', 'Start Remote M.'])
    assert.is((await history('--since', '2d ago')).code, 0)
    const [counted = ''] = (await history('--json', '--event', 'alert')).lines
    assert.equal(JSON.parse(counted), {
      ...{ at: '2026-11-26T04:46:59.000Z', by: 'tokyo', event: 'alert', device: 'tokyo', console: 'sw1' },
      ...{ rule: 'ios-fan', count: 340, ref: 'a1', source: 'device' },
      ...{ from: '2026-11-26T04:45:00.000Z', to: '2026-11-26T04:46:59.000Z' },
    })
    const [told = ''] = (await history('--json', '--event', 'break')).lines
    assert.is(JSON.parse(told).source, 'device')
    for (const [option, value] of [
      ['--since', 'yesterday'],
      ['--until', '2026-13-45'],
      ['--last', '0'],
      ['--last', 'x'],
    ] as const) {
      const { code, stderr, lines } = await history(option, value)
      assert.equal([code, lines], [64, []], option)
      assert.match(stderr, `${option} takes a`)
    }
  },
  { timeoutMs: 120_000 },
)

test.run()
