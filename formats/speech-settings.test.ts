import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { speechSchema } from './speech-settings.ts'
import { parseToml } from './toml-file.ts'

const test = suite('settings of the voice')

test('are off and at 80 percent when left out', () => {
  assert.equal(parseToml('f', '', speechSchema), { enabled: false, volume: 80 })
})

test('a wrong value is refused with what to write instead', () => {
  const PERCENT = 'must be 1 to 100 percent, in whole numbers; "enabled = false" switches the voice off'
  const cases: [string, string][] = [
    ['enabled = "on"', 'f:1: enabled: must be true or false'],
    ['volume = 0', `f:1: volume: ${PERCENT}`],
    ['volume = 101', `f:1: volume: ${PERCENT}`],
    ['volume = 0.5', `f:1: volume: ${PERCENT}`],
    ['volume = "loud"', `f:1: volume: ${PERCENT}`],
    ['loudness = 3', 'f:1: loudness: '],
  ]
  for (const [text, expected] of cases) {
    try {
      parseToml('f', text, speechSchema)
      assert.unreachable(text)
    } catch (err) {
      assert.match((err as Error).message, expected, text)
    }
  }
})

test.run()
