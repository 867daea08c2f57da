import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { Echo } from './echo.ts'

const test = suite('the echo of a command')
const LOG = '*Mar  1 00:00:10.123: %SYS-5-CONFIG_I: x\r\n'

const CASES: [command: string, prompt: string, said: string, left: string, isSeen: boolean][] = [
  ['show', '', 'show\r\nanswer\r\n', 'answer\r\n', true],
  ['show', 'sw1#', 'show\nanswer', 'answer', true],
  ['show run', '', 'show \r\nrun\r\nanswer', 'answer', true],
  ['show run', '', 'show \rrun\r\nanswer', 'answer', true],
  ['show run', 'sw1#', `\r\n${LOG}sw1#show run\r\nanswer`, `\r\n${LOG}answer`, true],
  ['show run', 'sw1#', `${LOG}show run\r\nanswer`, `${LOG}answer`, true],
  ['show run', 'sw1#', 'show\b\b\b\b$how run\b\r\nanswer', 'answer', true],
  ['', '', '\r\nsw1#', 'sw1#', true],
  // No echo: nothing is lost.
  ['show', 'sw1#', 'answer\r\nsw1#', 'answer\r\nsw1#', false],
  ['show', 'sw1#', '\r\nanswer\r\nsw1#', '\r\nanswer\r\nsw1#', false],
  ['show', 'sw1#', 'show me\r\nsw1#', 'show me\r\nsw1#', false],
  ['show', 'sw1#', 'sh', 'sh', false],
  ['date', '', 'date: not found\r\n$ ', 'date: not found\r\n$ ', false],
  // After the echo, the same text is the answer's.
  ['show', 'sw1#', 'show\r\nshow\r\nsw1#show\r\n', 'show\r\nsw1#show\r\n', true],
]

test('is removed, and nothing else is, wherever what the target says is cut', () => {
  for (const [command, prompt, said, left, isSeen] of CASES) {
    for (let first = 0; first <= said.length; first++) {
      for (let second = first; second <= said.length; second++) {
        const echo = new Echo(command, prompt)
        const parts = [said.slice(0, first), said.slice(first, second), said.slice(second)]
        const out = parts.map(part => echo.feed(part)).join('')
        assert.is(echo.isSeen, isSeen, `${command}: ${JSON.stringify(parts)}`)
        assert.is(out + echo.end(), left, `${command}: ${JSON.stringify(parts)}`)
      }
    }
  }
})

test('is no prompt while it comes; the prompt before it is one', () => {
  const echo = new Echo('show | include x>', 'sw1#')
  echo.feed('sw1#')
  assert.equal([echo.isOpen, echo.pending], [false, 'sw1#'])
  echo.feed('show | include x>')
  assert.equal([echo.isOpen, echo.pending], [true, ''])
  echo.feed('\r\n')
  assert.not(echo.isOpen)
})

test('is looked for in the first lines only', () => {
  const echo = new Echo('x', '')
  const lines = 'line\r\n'.repeat(30)
  assert.is(echo.feed(`${lines}x\r\n`), `${lines}x\r\n`)
})

test.run()
