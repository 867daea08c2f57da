import * as assert from 'uvu/assert'
import type { consoleSchema } from '../../formats/console-settings.ts'
import { parseExec } from '../../formats/parse-exec.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import type { Entry } from '../recordings/entry.ts'
import { fakeConsole } from '../testing/fake-console.ts'
import type { TranscriptRecord } from '../transcript/record.ts'
import { execute } from './all-commands.ts'
import type { CommandContext } from './command.ts'

const test = suite('recordings command')
const AT = Date.UTC(2026, 10, 26, 10, 2, 7)

/** At 100 each: begin, two lines, end. */
const RECORDS: TranscriptRecord[] = [
  ['session', 'begin id=4 by=alice from=x'],
  ['out', 'first\\x0d\\x0a'],
  ['out', 'second\\x0d\\x0a'],
  ['session', 'end id=4 by=alice how=left'],
  ['out', 'nobody is here\\x0d\\x0a'],
].map(([kind = '', text = ''], at) => {
  const atMs = AT + at * 1_000
  const position = 100 + at
  const common = { position, next: position + 1, atMs, writtenMs: atMs, quality: 'sync' as const, text }
  return { ...common, kind: kind as TranscriptRecord['kind'] }
})
const ENTRY: Entry = {
  ...{ number: 3, console: 'core-sw1', id: 4, who: 'alice', from: 'x', role: 'operator', beganAt: AT, position: 100 },
  end: { at: AT + 3_000, how: 'left', typedBytes: 0, position: 104 },
}

interface Situation {
  /** The transcript has what is from here on. */
  start?: number
  /** Alice has the console from here on. */
  since?: number
  hasTranscript?: boolean
  logRole?: 'any' | 'admin'
  interactive?: boolean
  entry?: Entry
}

async function asked(context: TestContext, line: string, situation: Situation = {}) {
  const { start = 0, since = 0, hasTranscript = true, logRole = 'any', interactive = false, entry = ENTRY } = situation
  const { console, clock } = fakeConsole(context, { logRole } satisfies Partial<
    Parameters<typeof consoleSchema.parse>[0]
  >)
  async function* records(from: number, to = Number.POSITIVE_INFINITY) {
    yield* RECORDS.filter(({ position }) => position >= Math.max(from, start) && position < to)
  }
  let stdout = ''
  let stderr = ''
  const over = new AbortController().signal
  const commandContext = {
    ...{ consoles: [console], clock, signal: over, status: () => assert.unreachable() },
    technicians: [{ name: 'alice', admin: false }],
    transcripts: {
      of: () => (hasTranscript ? { start, end: 105, records, flush: async () => {} } : undefined),
      sinceFor: () => since,
    },
    recordings: { of: () => [entry], find: (_: string, number: number) => (number === 3 ? entry : undefined) },
    visit: {
      ...{ person: { technician: 'alice', role: 'operator', from: 'x' }, wanted: 'core-sw1', allowed: [console] },
      ...{ isDevice: false, viaRelay: false, refusal: undefined },
    },
    stream: {
      ...{ interactive, gone: over, input: (async function* () {})() },
      write: async (bytes: Buffer) => {
        stdout += bytes
      },
      print: async (...lines: string[]) => {
        stdout += lines.map(text => `${text}\n`).join('')
      },
      complain: async (...lines: string[]) => {
        stderr += lines.map(text => `${text}\n`).join('')
      },
    },
  } as unknown as CommandContext
  const command = parseExec(line)
  if ('problem' in command) throw new Error(command.problem)
  const code = await execute(command as Parameters<typeof execute>[0], commandContext)
  return { code, stdout, stderr }
}

test('exports a session, and nothing that was said after it', async context => {
  const { code, stdout, stderr } = await asked(context, 'recordings export 3')
  assert.is(code, 0)
  assert.is(stderr, '')
  assert.equal(stdout.split('\n').slice(1, -1), [
    '[1,"o","first\\r\\n"]',
    '[2,"o","second\\r\\n"]',
    '[3,"m","end: alice left"]',
  ])
})

const PART: [why: string, situation: Situation, says: RegExp][] = [
  [
    'the quota',
    { start: 102 },
    /^\[oobm: the beginning of recording 3 is missing: the transcript does not go back so far\]\n$/,
  ],
  [
    'the right',
    { since: 102 },
    /^\[oobm: the beginning of recording 3 is missing: you did not have this console then\]\n$/,
  ],
]
for (const [why, situation, says] of PART) {
  test(`exports what is left, and says what is missing because of ${why}`, async context => {
    const { code, stdout, stderr } = await asked(context, 'recordings export 3', situation)
    assert.is(code, 0)
    assert.match(stderr, says)
    assert.not.match(stdout, 'first')
    assert.match(stdout, /\n\[0,"m","the beginning of recording 3 is missing[^\n]*\n\[0,"o","second\\r\\n"\]\n/)
    assert.match((await asked(context, 'recordings', situation)).stdout, /left; the beginning is gone\n$/)
    assert.match((await asked(context, 'recordings play 3', situation)).stdout, /^second\r\n/)
  })
}

const NOT: [line: string, situation: Situation, code: number, says: RegExp][] = [
  ['recordings export 3', { start: 104 }, 69, /^nothing is left of recording 3: its part of the transcript is gone\n$/],
  ['recordings play 3', { start: 104 }, 69, /^nothing is left of recording 3/],
  [
    'recordings export 3',
    { entry: { ...ENTRY, position: undefined } },
    69,
    /^nothing is left of recording 3: the disk took no transcript then\n$/,
  ],
  // The card has the entry of a session whose records a power cut took.
  ['recordings export 3', { entry: { ...ENTRY, id: 9 } }, 69, /^nothing is left of recording 3/],
  ['recordings play 3', { entry: { ...ENTRY, id: 9 } }, 69, /nothing is left of recording 3/],
  ['recordings export 7', {}, 64, /^core-sw1 has no recording 7; the list: ssh core-sw1 recordings\n$/],
  ['recordings export 3', { since: 104 }, 64, /^core-sw1 has no recording 3/],
  ['recordings', { logRole: 'admin' }, 77, /only administrators/],
  ['recordings export 3', { logRole: 'admin' }, 77, /only administrators/],
  ['recordings', { hasTranscript: false }, 69, /^core-sw1 records nothing: transcript = false in its settings\n$/],
  ['recordings export 3', { interactive: true }, 64, /ssh core-sw1 recordings export 3 > core-sw1-3.cast\n$/],
  ['recordings play 3 --speed 0', {}, 64, /--speed takes a number from 0.1 to 100/],
]
for (const [line, situation, code, says] of NOT) {
  test(`${line} says why not, and exits with ${code}: ${says.source.slice(0, 60)}`, async context => {
    const found = await asked(context, line, situation)
    assert.match(found.stderr, says)
    assert.is(found.code, code)
    assert.is(found.stdout, '')
  })
}

test('what ended before somebody had the console is not in their list', async context => {
  assert.is((await asked(context, 'recordings', { since: 104 })).stdout, 'no session is recorded\n')
  assert.match((await asked(context, 'recordings', { since: 103 })).stdout, /^3 {2}alice/m)
})

test.run()
