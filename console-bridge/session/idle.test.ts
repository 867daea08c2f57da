import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { quickClock } from '../testing/quick-clock.ts'
import { watchIdle } from './idle.ts'

const test = suite('idle')

test('frees the keyboard, then ends the session; a key in between begins anew', async context => {
  const clock = quickClock()
  const startMs = clock.nowMs()
  let touchedMs = startMs
  const seen: string[] = []
  const at = (what: string) => seen.push(`${what} ${clock.nowMs() - startMs}`)
  const over = new AbortController()
  context.cleanup(() => over.abort())
  const key = clock.sleep(1_500, over.signal).then(() => {
    touchedMs = clock.nowMs()
  })
  await watchIdle({
    ...{ limitMs: 1_000, clock, over: over.signal, idleMs: () => clock.nowMs() - touchedMs },
    onKeyboard: () => at('keyboard'),
    onEnd: () => at('end'),
  })
  await key
  assert.equal(seen, ['keyboard 1000', 'keyboard 2500', 'end 3500'])
})

test.run()
