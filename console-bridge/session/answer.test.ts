import * as assert from 'uvu/assert'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { Scrollback } from '../console/scrollback.ts'
import { quickClock } from '../testing/quick-clock.ts'
import { untilAnswered } from './answer.ts'
import { SESSION_EXIT } from './exit-codes.ts'

const test = suite('answer')

/** @param says milliseconds after the end of the input, and what the target says then */
function answered(
  context: TestContext,
  says: [ms: number, text: string][],
  more: { hasAsked?: boolean; closesMs?: number } = {},
) {
  const clock = quickClock()
  const startMs = clock.nowMs()
  const scrollback = new Scrollback(100_000)
  scrollback.append(Buffer.from('old output\r\nRouter#'))
  const from = scrollback.end
  for (const [ms, text] of says) {
    void clock.sleep(ms, new AbortController().signal).then(() => scrollback.append(Buffer.from(text, 'latin1')))
  }
  const isOpen = () => clock.nowMs() - startMs < (more.closesMs ?? Number.POSITIVE_INFINITY)
  const ending = untilAnswered({
    scrollback,
    from,
    hasAsked: more.hasAsked ?? true,
    isOpen,
    clock,
    over: context.signal,
  })
  return ending.then(code => ({ code, seconds: Math.round((clock.nowMs() - startMs) / 1000) }))
}

const log = (everyMs: number): [number, string][] =>
  Array.from({ length: Math.ceil(90_000 / everyMs) }, (_, i) => [i * everyMs, `%SYS-5: log ${i}\r\n`])

const CASES: [what: string, says: [number, string][], code: number, seconds: number][] = [
  ['a prompt ends it in 2 s', [[100, 'show clock\r\n*12:00\r\nRouter#']], SESSION_EXIT.ok, 2],
  ['a prompt in colour', [[0, 'ls\r\n\x1b[32malice@host\x1b[0m:~$ \x1b[K']], SESSION_EXIT.ok, 2],
  ['a mode in brackets', [[0, 'conf t\r\nRouter(config)#']], SESSION_EXIT.ok, 2],
  [
    'a ping that pauses is not cut',
    [
      [0, 'ping\r\n'],
      [100, '!!'],
      [4_000, '..'],
      [12_000, '!\r\nRouter#'],
    ],
    SESSION_EXIT.ok,
    14,
  ],
  [
    'a bar that grows slowly is not cut',
    [
      [0, 'Loading ###'],
      [3_000, '###'],
      [6_000, '\r\nRouter#'],
    ],
    SESSION_EXIT.ok,
    8,
  ],
  ['no prompt: 10 s', [[0, 'the answer\r\n']], SESSION_EXIT.ok, 10],
  [
    'a prompt with a log line after it: 10 s',
    [
      [0, 'Router#'],
      [500, '\r\n%SYS-5: log\r\n'],
    ],
    SESSION_EXIT.ok,
    11,
  ],
  ['nothing at all', [], SESSION_EXIT.silent, 10],
  ['a target that logs twice a second', log(500), SESSION_EXIT.cut, 60],
]

for (const [what, says, code, seconds] of CASES) {
  test(what, async context => {
    assert.equal(await answered(context, says), { code, seconds })
  })
}

test('a line that closes ends the answer', async context => {
  assert.equal(await answered(context, log(500), { closesMs: 5_000 }), { code: SESSION_EXIT.unavailable, seconds: 5 })
})

test('ends after a short silence where nothing was asked', async context => {
  assert.equal(await answered(context, [], { hasAsked: false }), { code: SESSION_EXIT.ok, seconds: 2 })
})

test.run()
