import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { shownText, TEXT_CHARACTERS } from './shown-text.ts'

const test = suite('shown text')

const CASES: [text: string, shown: string][] = [
  ['  do not reboot, upgrade running ', 'do not reboot, upgrade running'],
  ['a\x1b[2Jb\x07\x9b31mc', 'a[2Jb31mc'],
  ['one\r\ntwo\tthree', 'one two three'],
  ['Kein Neustart, läuft 再起動 ü', 'Kein Neustart, läuft 再起動 ü'],
  ['evil\u202etxt\u200b\u2028.', 'eviltxt.'],
  ['\x00\x1b', ''],
]

test('leaves nothing that a terminal obeys', () => {
  for (const [text, shown] of CASES) assert.is(shownText(text), shown)
  assert.is([...shownText('é'.repeat(500))].length, TEXT_CHARACTERS)
})

test.run()
