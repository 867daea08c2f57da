import * as assert from 'uvu/assert'
import { SINCE } from '../../formats/exec-commands.ts'
import { suite } from '../../testbed/suite.ts'
import { sinceMs } from './since.ts'

const test = suite('--since')
const NOW = Date.UTC(2026, 10, 26, 12)

const CASES: [text: string, ms: number | undefined][] = [
  ['90s', NOW - 90_000],
  ['5m', NOW - 300_000],
  ['1h', NOW - 3_600_000],
  ['2d', NOW - 172_800_000],
  ['2026-11-26', Date.UTC(2026, 10, 26)],
  ['2026-11-26T04:20', Date.UTC(2026, 10, 26, 4, 20)],
  ['2026-11-26 04:20:07', Date.UTC(2026, 10, 26, 4, 20, 7)],
  ['2026-11-26T04:20:07.123Z', Date.UTC(2026, 10, 26, 4, 20, 7, 123)],
  ['2026-02-30', undefined],
  ['2026-11-26T25:00', undefined],
]
for (const [text, ms] of CASES) {
  test(`${text} is understood`, () => {
    assert.ok(SINCE.test(text))
    assert.is(sinceMs(text, NOW), ms)
  })
}

for (const text of ['', '1', 'h', '1 h', '1w', 'yesterday', '26.11.2026', '2026-11-26T', '12:00']) {
  test(`${JSON.stringify(text)} is not taken`, () => assert.not(SINCE.test(text)))
}

test.run()
