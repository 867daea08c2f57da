import * as assert from 'uvu/assert'
import { parseExec } from '../../../../formats/parse-exec.ts'
import { suite } from '../../../../testbed/suite.ts'
import { consoleLine, parseRunAsk, runLine } from './console-questions.ts'

const test = suite('questions at a console')

test('become the commands that a person would type', () => {
  const since = '2026-11-26 04:20'
  const cases: [Parameters<typeof consoleLine>[0], string][] = [
    [{ command: 'break', console: 'sw1' }, 'break'],
    [{ command: 'break', console: 'sw1', ms: 1000 }, 'break 1000'],
    [{ command: 'break', console: 'sw1', as: 'sun-alternate' }, 'break --as=sun-alternate'],
    [
      { command: 'log', console: 'sw1', lines: 10, since, grep: "it's; $(id) -- x" },
      `log --lines=10 --since=2026-11-26T04:20 '--grep=it'\\''s; $(id) -- x'`,
    ],
    [{ command: 'who', console: 'sw1' }, 'who'],
    [{ command: 'recordings', console: 'sw1' }, 'recordings list --json'],
    [{ command: 'status', console: 'sw1' }, 'status --json'],
    [{ command: 'power', console: 'sw1' }, 'power status'],
    [{ command: 'settings', console: 'sw1' }, 'set'],
    [{ command: 'default', console: 'sw1' }, 'set --default'],
    [{ command: 'set', console: 'sw1', words: ['115200', '8N1'], keep: true }, 'set --keep 115200 8N1'],
    [{ command: 'message', console: 'sw1', text: "it's; $(id) -- x" }, "message -- it's; $(id) -- x"],
    [{ command: 'message', console: 'sw1', text: '--' }, 'message -- --'],
  ]
  for (const [asked, line] of cases) {
    assert.is(consoleLine(asked), line)
    const read = parseExec(line)
    assert.not.ok('problem' in read, line)
    if (asked.command === 'log' && 'options' in read)
      assert.is((read.options as Record<string, unknown>).grep, asked.grep)
  }
})

test('that take their time, too', () => {
  const cases: [Parameters<typeof runLine>[0], string][] = [
    [{ command: 'off', console: 'sw1' }, 'power off'],
    [{ command: 'cycle-break', console: 'sw1' }, 'power cycle --break'],
    [{ command: 'autobaud', console: 'sw1' }, 'autobaud'],
    [{ command: 'xmodem', console: 'sw1', bytes: 1 }, 'xmodem send'],
    [{ command: 'xmodem-1k', console: 'sw1', at: 115200, bytes: 1 }, 'xmodem --1k --at=115200 send'],
    [{ command: 'ymodem', console: 'sw1', name: 'ios.bin', bytes: 1 }, 'ymodem send ios.bin'],
  ]
  for (const [asked, line] of cases) {
    assert.is(runLine(asked), line)
    assert.not.ok('problem' in parseExec(line), line)
    assert.equal(parseRunAsk(JSON.stringify(asked)), asked)
  }
})

test('are known, of a size that a device takes, and with names that are one word', () => {
  const file = { command: 'ymodem', console: 'sw1', name: 'ios.bin', bytes: 10 }
  for (const one of [
    ...['', '{', 'null', '{"command":"run","console":"sw1"}', '{"command":"cycle","console":"-oProxyCommand=x"}'],
    ...[
      { bytes: 0 },
      { bytes: 134_217_729 },
      { bytes: 1.5 },
      { name: '../x' },
      { name: 'a b' },
      { name: '-x' },
      { at: '9600; id' },
    ].map(change => JSON.stringify({ ...file, ...change })),
  ])
    assert.is(parseRunAsk(one), undefined, one)
})

test.run()
