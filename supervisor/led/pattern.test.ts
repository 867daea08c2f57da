import * as assert from 'uvu/assert'
import { STATE_NAMES, STATES, type State } from '../../formats/states.ts'
import { suite } from '../../testbed/suite.ts'
import { phaseAt } from './pattern.ts'

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

test('as many flashes as the table says in words', () => {
  const numerals = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']
  for (const state of STATE_NAMES) {
    const [, numeral] = /^(\w+) flash(?:es)?, then a pause$/.exec(STATES[state].looks) ?? []
    if (numeral !== undefined) assert.is(numerals.indexOf(numeral) + 1, STATES[state].pattern.length, state)
  }
})

test.run()
