import * as assert from 'uvu/assert'
import { startProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { sshArgs, statusWhere } from './testing/bridge-fixture.ts'
import { bridgeOnPty } from './testing/bridge-on-pty.ts'

const test = suite('nine sessions')
/** Words that the target says: no line ends, so that each of these in what a session shows is the bridge's own. */
const WORDS = 20_000
const AT_ONCE = 100
const PEOPLE = [...Array(7).fill('bob'), 'alice', 'olga'] as ('bob' | 'alice' | 'olga')[]

/** Without the bridge's own lines. */
function saidByTarget(shown: string): string {
  return shown.replace(/\[oobm: [^\r\n]*\]/g, '').replace(/[\r\n]/g, '')
}

test('all nine show the same bytes in the same order, and each take-over under load is a clean cut', async context => {
  const { target, files } = await bridgeOnPty(context)
  const sessions = []
  for (const who of PEOPLE) {
    const shown: Buffer[] = []
    const ssh = startProgram('ssh', ['-tt', ...sshArgs(files, who, 'core-sw1')])
    context.cleanup(() => ssh.stop())
    ssh.child.stdout?.on('data', (bytes: Buffer) => shown.push(Buffer.from(bytes)))
    await ssh.says(/for help\]/)
    sessions.push({ ssh, text: () => Buffer.concat(shown.map(part => Buffer.from(part))).toString() })
  }
  await statusWhere(files, 'nine', ({ consoles }) => consoles[0]?.sessions.length === PEOPLE.length)

  const words = Array.from({ length: WORDS }, (_, at) => `<${String(at).padStart(6, '0')}>`)
  const operators = sessions.slice(0, -1)
  let isTyping = true
  /** Each types its own letter, whether it has the keyboard or not. */
  const typing = (async () => {
    while (isTyping) {
      for (const [at, { ssh }] of operators.entries()) ssh.child.stdin?.write(String.fromCharCode(97 + at))
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  })()
  context.cleanup(() => {
    isTyping = false
  })
  let took = 0
  for (let at = 0; at < WORDS; at += AT_ONCE) {
    target.says(words.slice(at, at + AT_ONCE).join(''))
    // No terminal is further behind than the scrollback is long.
    if (at % 2_000 === 0) {
      const last = words[at + AT_ONCE - 1] ?? ''
      await Promise.all(
        sessions.map(({ text }, index) => waitFor(`${last} in ${index}`, async () => text().includes(last))),
      )
      const next = operators[took + 1]
      if (!next) continue
      took++
      next.ssh.child.stdin?.write('\x1dw')
      const letter = String.fromCharCode(97 + took)
      await waitFor(`${letter} at the target`, async () => target.heard().includes(letter.repeat(3)))
    }
  }
  isTyping = false
  await typing
  assert.is(took, operators.length - 1)
  const whole = words.join('')
  for (const { text } of sessions) {
    await waitFor('the end of the output', async () => text().includes(words.at(-1) ?? ''))
    const said = saidByTarget(text())
    assert.ok(said === whole, `differs at ${[...said].findIndex((character, at) => character !== whole[at])}`)
  }
  // Each letter only while its session had the keyboard: no byte of the one before after a take-over.
  const runs = target.heard().replace(/(.)\1*/g, '$1')
  assert.is(runs, operators.map((_, at) => String.fromCharCode(97 + at)).join(''))
})

test.run()
