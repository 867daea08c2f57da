import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { nameBytes, nameText, shownName } from './network-name.ts'

const test = suite('names of Wi-Fi networks')

test('are read from wpa_supplicant, and shown so that no terminal obeys them', () => {
  const rows: [said: string, text: string | undefined, shown: string][] = [
    ['Office', 'Office', '"Office"'],
    ['B\\xc3\\xbcro \\xe6\\x9d\\xb1\\xe4\\xba\\xac', 'Büro 東京', '"Büro 東京"'],
    ['The \\"B\\" \\\\x41 ', 'The "B" \\x41 ', '"The "B" \\x41 "'],
    ['a\\nb\\e[2J\\t\\r', 'a\nb\x1b[2J\t\r', '"a\\x0ab\\x1b[2J\\x09\\x0d"'],
    ['\\xe2\\x80\\xaeevil', '\u202eevil', '"\\xe2\\x80\\xaeevil"'],
    ['caf\\xe9', undefined, '"caf\\xe9"'],
    ['', '', '(hidden)'],
    ['\\x00\\x00', '\0\0', '(hidden)'],
  ]
  for (const [said, text, shown] of rows) {
    assert.is(nameText(nameBytes(said)), text, said)
    assert.is(shownName(nameBytes(said)), shown, said)
  }
})

test.run()
