import * as assert from 'uvu/assert'
import { type Flash, STATE_NAMES, STATES, type State } from '../../formats/states.ts'
import { suite } from '../../tools/suite.ts'
import { LAMP_TEST_S, phaseAt } from './pattern.ts'

const test = suite('pattern')

/** Longest light or dark that people still take for movement. */
const LONGEST_STILL_MS = 2000
/** Shortest light or dark that the eye sees. */
const SHORTEST_SEEN_MS = 100

test('says what is lit, and for how long, at every edge of a pattern', () => {
  const rows: [State, number, boolean, number][] = [
    ['no-link', 0, true, 250],
    ['no-link', 249, true, 1],
    ['no-link', 250, false, 1500],
    ['no-link', 1749, false, 1],
    ['no-link', 1750, true, 250],
    ['no-relay', 500, true, 250],
    ['no-relay', 750, false, 1500],
    ['no-link', 1750 * 1e6 + 250, false, 1500],
    ['no-link', -5, true, 250],
  ]
  for (const [state, elapsedMs, lit, remainingMs] of rows) {
    assert.equal(phaseAt(state, elapsedMs), { lit, remainingMs }, `${state} after ${elapsedMs} ms`)
  }
})

test('every state moves, visibly, so that what stands still is not running', () => {
  for (const state of STATE_NAMES) {
    const phases = STATES[state].pattern.flat()
    assert.ok(phases.length >= 2 && Math.max(...phases) <= LONGEST_STILL_MS, `${state} stands still`)
    assert.ok(Math.min(...phases) >= SHORTEST_SEEN_MS, `${state} has a flash that nobody sees`)
  }
})

test('no two states look alike', () => {
  const shapes = STATE_NAMES.map(state => JSON.stringify(STATES[state].pattern))
  assert.is(new Set(shapes).size, STATE_NAMES.length)
  assert.is(new Set(STATE_NAMES.map(state => STATES[state].looks)).size, STATE_NAMES.length)
})

test('as many flashes as the states say', () => {
  const numerals = ['one', 'two', 'three', 'four', 'five', 'six', 'seven']
  const counted = STATE_NAMES.filter(state => /flash(es)?, then a pause/.test(STATES[state].looks))
  assert.is(counted.length, numerals.length)
  for (const state of counted) {
    const pattern: readonly Flash[] = STATES[state].pattern
    assert.match(STATES[state].looks, new RegExp(`^${numerals[pattern.length - 1]} flash`))
  }
})

test('the lamp test lasts long enough to count every state twice', () => {
  for (const state of STATE_NAMES) {
    const periodMs = STATES[state].pattern.flat().reduce((sum: number, ms) => sum + ms, 0)
    assert.ok(2 * periodMs <= LAMP_TEST_S * 1000, `${state} takes ${periodMs} ms`)
  }
})

test.run()
