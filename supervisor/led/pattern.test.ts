import * as assert from 'uvu/assert'
import { type Flash, STATUS_WORDS, WORDS, type Word } from '../../formats/states.ts'
import { suite } from '../../tools/suite.ts'
import { LAMP_TEST_S, phaseAt } from './pattern.ts'

const test = suite('pattern')

/** Longest light or dark that people still take for movement. */
const LONGEST_STILL_MS = 2000
/** Shortest light or dark that the eye sees. */
const SHORTEST_SEEN_MS = 100

test('says what is lit, and for how long, at every edge of a pattern', () => {
  const rows: [Word, number, boolean, number][] = [
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
  for (const [word, elapsedMs, lit, remainingMs] of rows) {
    assert.equal(phaseAt(word, elapsedMs), { lit, remainingMs }, `${word} after ${elapsedMs} ms`)
  }
})

test('every word moves, visibly, so that what stands still is not running', () => {
  for (const word of WORDS) {
    const phases = STATUS_WORDS[word].pattern.flat()
    assert.ok(phases.length >= 2 && Math.max(...phases) <= LONGEST_STILL_MS, `${word} stands still`)
    assert.ok(Math.min(...phases) >= SHORTEST_SEEN_MS, `${word} has a flash that nobody sees`)
  }
})

test('no two words look alike', () => {
  const shapes = WORDS.map(word => JSON.stringify(STATUS_WORDS[word].pattern))
  assert.is(new Set(shapes).size, WORDS.length)
  assert.is(new Set(WORDS.map(word => STATUS_WORDS[word].looks)).size, WORDS.length)
})

test('as many flashes as the words say', () => {
  const numerals = ['one', 'two', 'three', 'four', 'five', 'six', 'seven']
  const counted = WORDS.filter(word => /flash(es)?, then a pause/.test(STATUS_WORDS[word].looks))
  assert.is(counted.length, numerals.length)
  for (const word of counted) {
    const pattern: readonly Flash[] = STATUS_WORDS[word].pattern
    assert.match(STATUS_WORDS[word].looks, new RegExp(`^${numerals[pattern.length - 1]} flash`))
  }
})

test('the lamp test lasts long enough to count every word twice', () => {
  for (const word of WORDS) {
    const periodMs = STATUS_WORDS[word].pattern.flat().reduce((sum: number, ms) => sum + ms, 0)
    assert.ok(2 * periodMs <= LAMP_TEST_S * 1000, `${word} takes ${periodMs} ms`)
  }
})

test.run()
