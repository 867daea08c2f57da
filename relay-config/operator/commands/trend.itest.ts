/** What `oobm-relay trend` says of a device, from what its relay keeps. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { programArgs } from '../../../testbed/programs.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite, type TestContext } from '../../../testbed/suite.ts'
import { trendSchema } from '../../relay/state/trend-schema.ts'
import { makeFleet } from '../desk/testing/made-fleet.ts'
import { onRelay } from '../desk/testing/start-desk.ts'

const test = suite('oobm-relay trend')
const seconds = (time: string) => Date.parse(`${time}Z`) / 1000

async function relayWith(context: TestContext) {
  const folder = await scratchDirectory(context)
  await makeFleet(folder, ['tokyo', 'osaka'], name => (name === 'tokyo' ? {} : undefined))
  const keep = (file: string, text: string) => writeFile(join(folder, 'relay/state/tokyo', file), text)
  const trend = (...args: string[]) =>
    runProgram(process.execPath, [...programArgs('relay-config/main.ts'), 'trend', ...onRelay(folder), ...args])
  return { keep, trend }
}

test('tells outages with the time until the device was proved again, and round trips by day', async context => {
  const { keep, trend } = await relayWith(context)
  await keep(
    'trend.old',
    [
      `${seconds('2026-11-24T10:00:00')} ready 40`,
      `${seconds('2026-11-24T11:02:40')} away -`,
      'a line that is none',
      `${seconds('2026-11-24T11:06:40')} unproved -`,
      `${seconds('2026-11-24T11:07:00')} ready 60`,
      '',
    ].join('\n'),
  )
  await keep('trend', `${seconds('2026-11-25T04:00:00')} no-console 38\n${seconds('2026-11-25T04:05:00')} in-use 9`)
  const { stdout, code } = await trend('tokyo')
  const [head, first, ...rest] = stdout.trimEnd().split('\n')
  assert.is(code, 0)
  assert.match(
    head ?? '',
    /^tokyo: 2 outages since 2026-11-24 10:00:00 UTC; proved again after 4 min \(median\), 4 min \(longest\)$/,
  )
  assert.is(first, '  2026-11-24 11:02:40 UTC  for 4 min  away')
  // It is not connected: the test has no sshd.
  assert.match(rest[0] ?? '', /^ {2}\d{4}-.* UTC {2}for \d+ s, and still {2}away$/)
  assert.equal(rest.slice(1), [
    '  2026-11-24  round trip 40 ms (median), 40 to 60 ms, 2 reports',
    '  2026-11-25  round trip 9 ms (median), 9 to 38 ms, 2 reports',
  ])
  const json = trendSchema.parse(JSON.parse((await trend('--json', 'tokyo')).stdout))
  assert.equal(
    json.outages
      .map(({ fromMs, toMs, isHealed }) => [fromMs / 1000, toMs === undefined ? toMs : toMs / 1000, isHealed])
      .slice(0, 1),
    [[seconds('2026-11-24T11:02:40'), seconds('2026-11-24T11:07:00'), true]],
  )
})

test('says where nothing is kept, and which device is none', async context => {
  const { trend } = await relayWith(context)
  assert.match((await trend('osaka')).stdout, /^nothing is kept of osaka here: /)
  const { code, stderr } = await trend('kyoto')
  assert.is(code, 64)
  assert.match(stderr, /kyoto/)
})

test.run()
