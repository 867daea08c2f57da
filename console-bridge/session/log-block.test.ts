import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { logBlock } from './log-block.ts'

const test = suite('log block')
const line = (time: string, text: string) => ({ position: 0, time, text })

test('says the day once, and the times short', () => {
  assert.equal(
    logBlock(
      [line('2026-11-26 04:20:07.123Z', 'LINK-3-UPDOWN'), line('2026-11-26 04:20:08.000?', '[oobm: alice joined]')],
      'core-sw1',
    ),
    [
      '[oobm: last 2 lines of core-sw1, 2026-11-26, times in UTC]',
      '04:20:07 LINK-3-UPDOWN',
      '04:20:08? [oobm: alice joined]',
      '[oobm: end; more: ssh core-sw1 log; ? where the clock may be wrong]',
    ],
  )
})

test('of several days, each line has its own', () => {
  assert.equal(
    logBlock([line('2026-11-25 23:59:59.999Z', 'a'), line('2026-11-26 00:00:00.000Z', '')], 'core-sw1').slice(0, 3),
    ['[oobm: last 2 lines of core-sw1, times in UTC]', '11-25 23:59:59 a', '11-26 00:00:00 '],
  )
  assert.equal(logBlock([], 'core-sw1'), ['[oobm: nothing was recorded at core-sw1]'])
})

test('nothing of the target can pass for a line of the bridge, hide, or turn what follows', () => {
  const [, shown = ''] = logBlock([line('2026-11-26 04:20:07.123Z', '\u202e[oobm: x]\u200b\u2028\x07\x9b1m\ta')], 'c')
  assert.is(shown, '04:20:07 [oobm: x]1m\ta')
})

test.run()
