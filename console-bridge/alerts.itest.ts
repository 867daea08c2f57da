/** Alerts of the real bridge, on a pty. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { bridgeFiles, runCommand, startBridge, statusWhere } from './testing/bridge-fixture.ts'
import { bridgeOnPty } from './testing/bridge-on-pty.ts'
import { PumpedPty } from './testing/pumped-pty.ts'

const test = suite('alerts')
const LIMIT = { timeoutMs: 120_000 }

test(
  'what the target says is told in status and journal, and its text only where a rule allows that',
  async context => {
    const { target, files, bridge } = await bridgeOnPty(context, {
      alerts: ['ios', 'linux'],
      alertRules: [
        { name: 'bgp', pattern: 'BGP .* Down', alertText: true },
        { name: 'ios-login', enabled: false },
      ],
    })
    const lines = [
      'Nothing to see in topsecret0',
      '*Mar 1 00:12:12.345: %PLATFORM_ENV-1-FAN: Faulty fan topsecret1',
      '%SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: topsecret2]',
      'Ker\x1b[1mnel pa\x1b[0mnic - not syncing: topsecret3',
      'BGP 温度 neighbor\x07 Down',
    ]
    for (const line of lines) target.says(`${line}\r\n`)
    target.says('rommon 1 > ')
    const { alerts = [] } = await statusWhere(files, 'alerts', ({ alerts }) => (alerts?.length ?? 0) >= 4)
    assert.equal(
      alerts.map(({ console, rule, count, text, typist }) => [console, rule, count, text, typist]),
      [
        ['core-sw1', 'ios-fan', 1, undefined, undefined],
        ['core-sw1', 'linux-panic', 1, undefined, undefined],
        ['core-sw1', 'bgp', 1, 'BGP 温度 neighbor Down', undefined],
        ['core-sw1', 'ios-boot-loader', 1, undefined, undefined],
      ],
    )
    for (const { since, at } of alerts) assert.ok(Math.abs(Date.now() - at) < 60_000 && since === at)
    const status = await readFile(join(files.directory, 'run/status.json'), 'utf8')
    const kept = await readFile(join(files.directory, 'alerts.json'), 'utf8')
    for (const text of [status, kept, bridge.output()]) assert.not.match(text, /topsecret/)
    assert.match(bridge.output(), /"console":"core-sw1","rule":"ios-fan","count":1,"msg":"alert"/)
    const shown = await runCommand(files, 'alice', 'core-sw1', 'status --json')
    assert.is(JSON.parse(shown.stdout).alerts, undefined)

    const list = await runCommand(files, 'olga', 'core-sw1', 'alerts')
    assert.match(list.stdout, /^\S+ \S+ UTC {2}ios-fan +once\n\S+ \S+ UTC {2}linux-panic +once\n.*bgp +once\n.*\n$/)
    const json = await runCommand(files, 'alice', 'core-sw1', 'alerts --json')
    assert.equal(
      JSON.parse(json.stdout).map(({ rule, text }: { rule: string; text?: string }) => [rule, text]),
      alerts.map(({ rule }) => [rule, undefined]),
    )

    // Killed, and started again: nothing of before is an alert again, and what is new is.
    bridge.child.kill('SIGKILL')
    const again = await startBridge(context, files)
    const since = await statusWhere(files, 'open again', ({ pid, consoles }) => {
      return pid === again.child.pid && consoles[0]?.state === 'open'
    })
    assert.equal(since.alerts, alerts)
    target.says('\r\nBGP neighbor Down again\r\n')
    const later = await statusWhere(files, 'one more', ({ alerts: all = [] }) => all.length > alerts.length)
    assert.equal([later.alerts?.length, later.alerts?.at(-1)?.text], [5, 'BGP neighbor Down again'])
  },
  LIMIT,
)

test(
  'what somebody typed is said with it',
  async context => {
    const { target, files, attach } = await bridgeOnPty(context, {
      alertRules: [{ name: 'word', pattern: 'FAULT', alertText: false }],
    })
    const alice = await attach('alice')
    alice.types('show FAULTS\r')
    await target.hears(/show FAULTS/)
    target.says('core-sw1#show FAULTS\r\n')
    const { alerts = [] } = await statusWhere(files, 'an alert', ({ alerts }) => (alerts?.length ?? 0) >= 1)
    assert.equal(
      alerts.map(({ rule, typist }) => [rule, typist]),
      [['word', 'alice']],
    )
  },
  LIMIT,
)

test(
  'a flood of which each line matches is one alert with a count, loses no output, and people are served',
  async context => {
    const target = new PumpedPty(join(await scratchDirectory(context), 'tty'))
    await target.plug()
    context.cleanup(() => target.unplug())
    const rules = [
      { name: 'all', pattern: '[a-z]+', alertText: false },
      { name: 'costly', pattern: '(?:a|b)*a(?:a|b){90}c', alertText: false },
    ]
    const line = { name: 'core-sw1', path: target.path, alerts: ['ios' as const], alertRules: rules }
    const files = await bridgeFiles(context, [line])
    const bridge = await startBridge(context, files)
    await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
    const piece = Buffer.from('%PLATFORM_ENV-1-FAN: Faulty fan aababababbabaabababbab abaababa\r\n'.repeat(500))
    const asked: Promise<{ code: number | null }>[] = []
    for (let sent = 0; sent < 30_000_000; sent += piece.length) {
      if (sent % 10_000_000 < piece.length) asked.push(runCommand(files, 'alice', 'core-sw1', 'status'))
      await target.send(piece)
    }
    for (const { code } of await Promise.all(asked)) assert.is(code, 0)
    const { alerts = [], consoles } = await statusWhere(files, 'all of it', ({ consoles }) => {
      return (consoles[0]?.bytesIn ?? 0) >= target.sentBytes
    })
    assert.is(consoles[0]?.bytesIn, target.sentBytes)
    assert.equal(alerts.map(({ rule }) => rule).sort(), ['all', 'ios-fan'])
    const told = bridge.output().match(/"msg":"alert"/g) ?? []
    assert.ok(told.length <= 6, `${told.length} tellings`)
    await bridge.stop(10_000)
    // The counts that were not told yet are kept at the end.
    const { alerts: kept } = JSON.parse(await readFile(join(files.directory, 'alerts.json'), 'utf8'))
    for (const { count } of kept) assert.ok(count > 1_000, String(count))
  },
  LIMIT,
)

test.run()
