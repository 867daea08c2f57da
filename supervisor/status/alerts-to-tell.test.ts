import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { deviceAlertSchema } from '../../formats/control-protocol.ts'
import type { ToldAlert } from '../../formats/status-file.ts'
import { silentLog } from '../../runtime/log.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { AlertsToTell } from './alerts-to-tell.ts'
import { type ToldAlerts, toldAlertsIn } from './told-alerts.ts'

const test = suite('alerts to tell')
const WALL_MS = 1_800_000_000_000

function telling(told?: ToldAlerts) {
  const clock = { nowMs: 5_000_000, aheadMs: WALL_MS - 5_000_000 }
  const alerts = new AlertsToTell(
    {
      nowMs: () => clock.nowMs,
      wallMs: () => clock.nowMs + clock.aheadMs,
      sleep: async () => {},
    },
    told,
  )
  const tell = (takes = true) => {
    const lines: string[] = []
    while (alerts.tellOne(line => takes && lines.push(line) > 0));
    return lines.map(line => JSON.parse(line.replace(/^event /, '')))
  }
  return { clock, alerts, tell }
}

const alert = (n: number, more: Partial<ToldAlert> = {}): ToldAlert => {
  const ref = n.toString(16).padStart(12, '0')
  return { ref, console: 'core-sw1', rule: 'ios-fan', since: WALL_MS - 60_000, at: WALL_MS - 5_000, count: 1, ...more }
}

test('an alert is told once, with ages, and again when its count has grown', () => {
  const { clock, alerts, tell } = telling()
  alerts.look({ alerts: [alert(1)] })
  assert.is(alerts.isWaiting, true)
  assert.equal(tell(), [
    { event: 'alert', ref: '000000000001', count: 1, agoS: 5, fromS: 60, console: 'core-sw1', rule: 'ios-fan' },
  ])
  alerts.look({ alerts: [alert(1)] })
  assert.equal([alerts.isWaiting, tell()], [false, []])
  clock.nowMs += 10_000
  alerts.look({ alerts: [alert(1, { count: 7, at: WALL_MS + 9_000 })] })
  assert.equal(
    tell().map(({ ref, count, agoS, fromS }) => [ref, count, agoS, fromS]),
    [['000000000001', 7, 1, 70]],
  )
})

test('while no relay takes it, an alert waits as it is now, and its age grows', () => {
  const { clock, alerts, tell } = telling()
  alerts.look({ alerts: [alert(1)] })
  assert.equal(tell(false), [])
  alerts.look({ alerts: [alert(1, { count: 1_000 })] })
  clock.nowMs += 3_600_000
  assert.equal(
    tell().map(({ count, agoS }) => [count, agoS]),
    [[1_000, 3_605]],
  )
})

test('what was sent shortly before the end of a connection is sent again', () => {
  const { clock, alerts, tell } = telling()
  alerts.look({ alerts: [alert(1)] })
  tell()
  clock.nowMs += 300_000
  alerts.look({ alerts: [alert(1), alert(2)] })
  tell()
  clock.nowMs += 20_000
  alerts.connectionEnded(90_000)
  assert.equal(
    tell().map(({ ref }) => ref),
    ['000000000002'],
  )
})

test('when the clock of the device is set, the age stays right', () => {
  const { clock, alerts, tell } = telling()
  alerts.look({ alerts: [alert(1)] })
  clock.aheadMs += 86_400_000
  // The bridge says it in the new time.
  alerts.look({ alerts: [alert(1, { since: WALL_MS + 86_400_000 - 60_000, at: WALL_MS + 86_400_000 - 5_000 })] })
  assert.is(tell()[0].agoS, 5)
})

test('after a restart, only what was not certainly told is told again', async context => {
  const directory = await scratchDirectory(context)
  const first = telling(await toldAlertsIn(directory, silentLog))
  first.alerts.look({ alerts: [alert(1), alert(2, { count: 5 })] })
  first.tell()
  first.clock.nowMs += 400_000
  first.alerts.look({ alerts: [alert(1), alert(2, { count: 5 }), alert(3)] })
  first.tell()
  first.alerts.note()
  const file = join(directory, 'told-alerts.json')
  await waitFor('the note', () => existsSync(file))
  const second = telling(await toldAlertsIn(directory, silentLog))
  second.alerts.note()
  second.alerts.look({ alerts: [alert(1), alert(2, { count: 6 }), alert(3)] })
  assert.equal(
    second.tell().map(({ ref, count }) => [Number.parseInt(ref, 16), count]),
    [
      [2, 6],
      [3, 1],
    ],
  )
  await writeFile(file, '{')
  const third = telling(await toldAlertsIn(directory, silentLog))
  third.alerts.look({ alerts: [alert(1)] })
  assert.is(third.tell().length, 1, 'without the file, once more is better than never')
})

test('more than are remembered are counted as lost, unless they were told', () => {
  const { alerts, tell } = telling()
  alerts.look({ alerts: Array.from({ length: 64 }, (_, n) => alert(n)) })
  tell()
  for (const from of [64, 128, 192]) alerts.look({ alerts: Array.from({ length: 64 }, (_, n) => alert(from + n)) })
  assert.is(alerts.takeLost(), 64)
  assert.is(alerts.takeLost(), 0)
  assert.is(tell().length, 128)
})

test('a line is no longer than a relay keeps, whatever the target said', () => {
  const { alerts, tell } = telling()
  const texts = ['x'.repeat(160), '温'.repeat(160), '\u{1f525}'.repeat(160), '"\\'.repeat(80)]
  alerts.look({
    alerts: texts.map((text, n) =>
      alert(n, { text, console: 'c'.repeat(32), rule: 'r'.repeat(32), typist: 't'.repeat(40) }),
    ),
  })
  for (const told of tell()) {
    assert.ok(JSON.stringify(told).replace(/[^ -~]/g, '\\u0000').length <= 512)
    assert.ok(deviceAlertSchema.parse(told).text)
  }
})

test.run()
