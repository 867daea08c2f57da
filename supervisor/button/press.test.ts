import * as assert from 'uvu/assert'
import { CONFIRM_MS, PRESSES, STUCK_MS } from '../../formats/button.ts'
import { suite } from '../../testbed/suite.ts'
import { after, type Button, FIRST, shownOf } from './press.ts'

const test = suite('press')

/** Edges in turn, first down, at these milliseconds. @returns what was to be done, with when */
function deedsOf(...timesMs: number[]): string[] {
  let button: Button = FIRST
  return timesMs.flatMap((atMs, index) => {
    const next = after(button, { isDown: index % 2 === 0, atMs })
    button = next.button
    return next.deed === undefined ? [] : [`${next.deed} at ${atMs}`]
  })
}

test('means what the table says, by how long it was held', () => {
  const rows: [heldMs: number, deeds: string[]][] = [
    [1, ['test']],
    [2_999, ['test']],
    [3_000, ['hotspot']],
    [9_999, ['hotspot']],
    [10_000, []],
    [59_999, []],
    [60_000, ['stuck']],
    [9_000_000, ['stuck']],
  ]
  for (const [heldMs, deeds] of rows)
    assert.equal(
      deedsOf(500, 500 + heldMs),
      deeds.map(deed => `${deed} at ${500 + heldMs}`),
      `${heldMs} ms`,
    )
})

test('the last configuration that was proved needs a second press, in time, and that one alone does nothing else', () => {
  assert.equal(deedsOf(0, 10_000, 20_000, 20_100), ['last-good at 20000'])
  assert.equal(deedsOf(0, 10_000, 20_000, 35_000, 36_000, 36_100), ['last-good at 20000', 'test at 36100'])
  // Too late: it is a press like any other.
  assert.equal(deedsOf(0, 10_000, 20_001, 20_100), ['test at 20100'])
  assert.equal(deedsOf(0, 10_000, 20_001, 30_001, 30_500), ['last-good at 30500'])
})

test('an edge that nobody saw makes no press', () => {
  assert.equal(after(FIRST, { isDown: false, atMs: 99_000 }), { button: { is: 'up' } })
  // A release was lost: what counts is the last time it went down.
  const { button } = after({ is: 'down', sinceMs: 0 }, { isDown: true, atMs: 50_000 })
  assert.is(after(button, { isDown: false, atMs: 50_100 }).deed, 'test')
})

test('the LED says from the third second on that the press is felt, and then that it may be released', () => {
  const down: Button = { is: 'down', sinceMs: 0 }
  const armed: Button = { is: 'armed', sinceMs: 0, deed: 'last-good' }
  const rows: [button: Button, nowMs: number, shown: string | undefined, changesInMs: number | undefined][] = [
    [FIRST, 5_000, undefined, undefined],
    [down, 0, undefined, 3_000],
    [down, 2_999, undefined, 1],
    [down, 3_000, 'pressed', 7_000],
    [down, 10_000, 'armed', 50_000],
    [down, STUCK_MS, undefined, undefined],
    [armed, 0, 'armed', CONFIRM_MS],
    [armed, CONFIRM_MS, undefined, undefined],
    [{ is: 'spent' }, 0, undefined, undefined],
  ]
  for (const [button, nowMs, shown, changesInMs] of rows)
    assert.equal(shownOf(button, nowMs), { shown, changesInMs }, `${JSON.stringify(button)} at ${nowMs}`)
})

test('no press switches the board off, and only one that is long and confirmed changes what it runs on', () => {
  assert.is(PRESSES[0]?.fromMs, 0)
  assert.not.match(JSON.stringify(PRESSES.map(({ deed }) => deed)), /off|halt|shut|boot/)
  for (const { deed, fromMs, isConfirmed } of PRESSES)
    if (deed === 'last-good') assert.ok(isConfirmed && fromMs >= 10_000)
})

test.run()
