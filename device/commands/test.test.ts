import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { attemptFinder } from './test.ts'

const test = suite('oobm test, which attempt')
const ASKED_MS = 1_800_000_000_000
const step = (tookMs: number) => ({ name: 'relay', ok: true, detail: '', tookMs })
const attempt = (at: number, tookMs = 400) => ({ at, ok: true, tookMs, steps: [step(tookMs)] })
const LAST = attempt(ASKED_MS - 60_000, 400.25)

function asking() {
  const clock = { ms: 0, jumpMs: 0, nowMs: () => clock.ms, wallMs: () => ASKED_MS + clock.ms + clock.jumpMs }
  return { clock, find: attemptFinder(LAST, clock) }
}

test('the last one is not ours, nor is none; one that began since is', () => {
  const { find } = asking()
  assert.is(find.ours(null), undefined)
  assert.is(find.ours(LAST), undefined)
  const ours = attempt(ASKED_MS + 500)
  assert.is(find.ours(ours), ours)
})

test('one that was under way counts only when ours does not come', () => {
  const { clock, find } = asking()
  const older = attempt(ASKED_MS + 100)
  assert.is(find.ours(older), undefined)
  assert.is(find.older(), older)
  clock.ms = 19_999
  assert.is(find.ours(older), undefined)
  const ours = attempt(ASKED_MS + 20_000)
  assert.is(find.ours(ours), ours)
  clock.ms = 20_000
  assert.is(find.ours(older), older)
})

test('the last one is not ours for having another time, when the clock was set', () => {
  const { clock, find } = asking()
  clock.jumpMs = 86_400_000
  assert.is(find.ours({ ...LAST, at: LAST.at + 86_400_000 }), undefined)
  const ours = attempt(ASKED_MS + 86_400_500, 401)
  assert.is(find.ours(ours), ours)
  const back = asking()
  back.clock.jumpMs = -86_400_000
  const alike = { ...ours, at: ASKED_MS - 86_300_000 }
  assert.is(back.find.ours(alike), alike)
})

test.run()
