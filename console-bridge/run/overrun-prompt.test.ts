import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { chatterIn, OverrunPrompt } from './overrun-prompt.ts'
import { DEFAULT_PROMPT } from './prompt.ts'

const test = suite('overrun prompt')
const LOG = '*Mar  1 00:00:10.123: %LINK-3-UPDOWN: Interface up\n'

const AFTER_KNOWN: [lines: string, seen: boolean][] = [
  [`a\nRouter#\n${LOG}\n`, true],
  [`a\nRouter#${LOG}`, true],
  [`a\nRouter#\n${LOG}b\n`, false],
  [`a\nRouter#\n${LOG}b\nRouter#\n`, true],
  ['Router#\n[   12.345678] usb 1-1: new device\n', true],
  ['Router#Nov 26 04:20:07  mx1 rpd[123]: bgp\n', true],
  ['Router#2026 Nov 26 04:20:07 sw1 last message repeated\n', true],
  ['Router#*Nov 26 04:20:07.123: IP: s=10.0.0.1, len 60\n', true],
  ['Router#show version\n', false],
  [LOG, false],
]

test('sees a known prompt that only log messages follow', () => {
  for (const [lines, seen] of AFTER_KNOWN) {
    const prompt = new OverrunPrompt('Router#')
    prompt.feed(lines)
    assert.is(prompt.seen, seen ? 'Router#' : undefined, lines)
  }
  const unknown = new OverrunPrompt('')
  unknown.feed(LOG)
  assert.is(unknown.seen, undefined)
})

test('sees one that was not known before, once it looked like a prompt', () => {
  const prompt = new OverrunPrompt('')
  prompt.feed(`Router#${LOG}`)
  assert.is(prompt.seen, undefined)
  prompt.looksLike('Router# ')
  prompt.feed(`Router# ${LOG}`)
  assert.is(prompt.seen, 'Router#')
})

const GLUED: [line: string, seen: string | undefined][] = [
  [`Router#${LOG}`, 'Router#'],
  [`Router# ${LOG}`, 'Router#'],
  ['Router#tick 9\n', 'Router#'],
  ['[admin@r1] > tick 9\n', '[admin@r1] >'],
  ['Router#show version\n', undefined],
  ['done: 45% of 9\n', undefined],
  ['%SYS-5-RELOAD: image flash:r.bin> %SYS-5-RELOAD: again\n', undefined],
  [`${'a'.repeat(90)}#${LOG}`, undefined],
]

test('finds a prompt by its form where a message is on the same line', () => {
  for (const [line, seen] of GLUED) {
    const prompt = new OverrunPrompt('', text => /^tick \d+$/.test(text), DEFAULT_PROMPT)
    prompt.feed(line)
    assert.is(prompt.seen, seen, line)
  }
})

test('knows what the target says by itself by what it said before, whatever counts up in it', () => {
  const isChatter = chatterIn('tick 1 of 0a3f\ntick 2 of 0a40\nonce\ntick 10 of 0a41\ntick 1')
  assert.ok(isChatter('tick 77 of 0b00'))
  assert.not(isChatter('once'))
  assert.not(isChatter(''))
  const prompt = new OverrunPrompt('Router#', isChatter)
  prompt.feed('Router#tick 11 of 0a42\ntick 12 of 0a43\n')
  assert.is(prompt.seen, 'Router#')
  prompt.feed('the answer\n')
  assert.is(prompt.seen, undefined)
})

test.run()
