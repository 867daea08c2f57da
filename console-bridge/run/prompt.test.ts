import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { DEFAULT_PROMPT, pagerKey, SILENCE_MS, silenceFor } from './prompt.ts'

const test = suite('prompts and pagers')

test('knows the prompts of common equipment', () => {
  for (const line of ['Router>', 'Router#', 'sw1(config-if)# ', 'alice@host:~$ ', 'alice@mx> ', 'host% ', 'rommon 1 >'])
    assert.ok(DEFAULT_PROMPT(line), line)
  for (const line of ['Password: ', 'Proceed? [confirm]', 'a > b', 'Router#show', '', '#  '])
    assert.not(DEFAULT_PROMPT(line), line)
})

const PAGERS: [line: string, key: string | undefined][] = [
  ...[' --More-- ', '--More--', '--More--(45%)', '---- More ----', '<--- More --->'].map(
    line => [line, ' '] as [string, string],
  ),
  ...['---(more)---', '---(more 45%)---', ':', 'lines 1-23', 'lines 24-46/100 46%'].map(
    line => [line, ' '] as [string, string],
  ),
  ...['(END)', 'lines 20-42/42 (END)'].map(line => [line, 'q'] as [string, string]),
  ...['a --More-- b', 'Router#', 'Name:', '(END) of it', 'lines 1-23 are wrong'].map(
    line => [line, undefined] as [string, undefined],
  ),
]

test('knows pagers, and the key that each waits for', () => {
  for (const [line, key] of PAGERS) assert.is(pagerKey(line, undefined), key, line)
  assert.is(
    pagerKey('next?', line => line === 'next?'),
    ' ',
  )
  assert.is(
    pagerKey('(END)', line => line === 'next?'),
    undefined,
  )
})

test('waits longer for a line that may be something else', () => {
  const known = { before: 'Router>', isEchoed: true, isDefault: true }
  assert.is(silenceFor('Router#', known), SILENCE_MS.sure)
  assert.is(silenceFor('Downloading 45%', known), SILENCE_MS.strange)
  assert.is(silenceFor('Downloading 45%', { ...known, isDefault: false }), SILENCE_MS.sure)
  assert.is(silenceFor('sw1#', { ...known, before: '' }), SILENCE_MS.sure)
  assert.is(silenceFor('Router#', { ...known, isEchoed: false }), SILENCE_MS.unechoed)
})

test.run()
