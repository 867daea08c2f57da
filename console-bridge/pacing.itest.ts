/** A target that loses what comes too fast gets a paced paste whole, and without pacing it does not. */
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { DeviceConfigInput } from '../formats/device-config.ts'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { SESSION_EXIT } from './session/exit-codes.ts'
import { bridgeFiles, openTerminal, sshArgs, startBridge, statusWhere } from './testing/bridge-fixture.ts'

const test = suite('pacing')
const LIMIT = { timeoutMs: 300_000 }
const TARGET = join(import.meta.dirname, 'testing/swallowing-target.py')
const LINES = Array.from({ length: 400 }, (_, i) => `interface Gi1/0/${i % 48} description uplink ${i}`)
/** Bytes of its FIFO, milliseconds between two reads, and bytes of each. */
const SLOW = ['16', '4', '8']
/** Its FIFO holds a line, so that a busy machine, which reads late, makes no difference. */
const SLOW_LINES = ['64', '4', '8']

async function withTarget(
  context: TestContext,
  paste: Partial<NonNullable<DeviceConfigInput['consoles']>[number]>,
  speed: readonly string[] = SLOW,
) {
  const path = join(await scratchDirectory(context), 'tty')
  const target = startProgram('python3', [TARGET, path, ...speed])
  context.cleanup(() => target.stop())
  await target.says(/ready/)
  const files = await bridgeFiles(context, [{ name: 'core-sw1', path, baudRate: 115_200, ...paste }])
  await startBridge(context, files)
  await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
  const heard = () => target.output().split('\n').slice(1, -1)
  const program = (input: string) =>
    runProgram('ssh', sshArgs(files, 'alice', 'core-sw1'), { input, timeoutMs: 240_000 })
  const attach = async (who: 'alice' | 'bob') => {
    const terminal = openTerminal(context, 'ssh', sshArgs(files, who, 'core-sw1'))
    await terminal.says(/for help\]/)
    return terminal
  }
  return { target, heard, program, attach }
}

test(
  'without pacing, such a target loses most of a configuration',
  async context => {
    const { heard, program } = await withTarget(context, {}, SLOW_LINES)
    await program(LINES.map(line => `${line}\n`).join(''))
    assert.ok(heard().length < LINES.length, `${heard().length} lines`)
  },
  LIMIT,
)

for (const [name, paste, speed, lines] of [
  ['waiting for the echo', { pasteWaitFor: 'echo' }, SLOW, LINES],
  ['waiting for the prompt', { pasteWaitFor: 'prompt' }, SLOW_LINES, LINES],
  [
    'a character delay and a line delay',
    { pasteCharacterDelayMs: 2, pasteLineDelayMs: 500 },
    SLOW_LINES,
    LINES.slice(0, 20),
  ],
] as const) {
  test(
    `with ${name}, a configuration from a program arrives whole`,
    async context => {
      const { heard, program } = await withTarget(context, paste, speed)
      const { code, stderr } = await program(lines.map(line => `${line}\n`).join(''))
      assert.equal(heard(), lines)
      assert.is(code, SESSION_EXIT.ok, stderr)
      assert.not.match(stderr, 'paste')
    },
    LIMIT,
  )
}

test(
  'a paste at a terminal arrives whole; its progress and its end are shown, and the others see who pastes',
  async context => {
    const { heard, attach } = await withTarget(context, { pasteWaitFor: 'echo' })
    const alice = await attach('alice')
    const bob = await attach('bob')
    alice.types(LINES.map(line => `${line}\r`).join(''))
    // Between two lines of the target, not within one.
    await alice.says(/\n\[oobm: paste: \d+ of 400 lines, Ctrl-\] x stops\]\r\ncore-sw1\(config\)#/)
    await bob.says(/\[oobm: alice pastes 400 lines\]/)
    await alice.says(/\[oobm: paste: all 400 lines were sent\]/, 240_000)
    await bob.says(/\[oobm: the paste of alice is over: 400 of 400 lines were sent\]/)
    await waitFor('the last line', () => heard().length === LINES.length)
    assert.equal(heard(), LINES)
  },
  LIMIT,
)

test(
  'the escape key stops a paste, and what is typed after it is sent',
  async context => {
    const { heard, attach } = await withTarget(
      context,
      { pasteWaitFor: 'prompt', pasteCharacterDelayMs: 2 },
      SLOW_LINES,
    )
    const alice = await attach('alice')
    alice.types(LINES.map(line => `${line}\r`).join(''))
    await waitFor('some lines', () => heard().length > 20)
    alice.types('\x1dx')
    await alice.says(/\[oobm: the paste is stopped: \d+ of 400 lines were sent, \d+ bytes were not sent\]/)
    const before = heard().length
    assert.ok(before < 100, `${before}`)
    await waitFor('a key to be sent', () => {
      alice.types('\r')
      return heard().length > before + 2
    })
    alice.types('\x1dd')
    await waitFor('its end', () => alice.ended())
    assert.is(alice.child.exitCode, SESSION_EXIT.notSent)
    assert.equal(heard().slice(0, before), LINES.slice(0, before))
  },
  LIMIT,
)

test(
  'a target that stops answering ends the paste: a program learns how far it came',
  async context => {
    const { heard, program } = await withTarget(
      context,
      { pasteWaitFor: 'prompt', pastePrompt: 'never$', pasteTimeoutS: 2 },
      ['4096', '4', '512'],
    )
    const input = LINES.map(line => `${line}\n`).join('')
    const { code, stderr } = await program(input)
    assert.is(code, SESSION_EXIT.notSent)
    const [, sent, lost] =
      /oobm: (\d+) bytes sent, (\d+) not sent: the target showed no prompt within 2 s; 1 of 400/.exec(
        stderr,
      ) as RegExpExecArray
    assert.is(Number(sent) + Number(lost), input.length, stderr)
    assert.equal(heard(), LINES.slice(0, 1))
  },
  LIMIT,
)

test.run()
