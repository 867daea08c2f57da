/** What somebody on a console sees when the uplink under their session fails: a real relay, bridge and client. */
import * as assert from 'uvu/assert'
import { RELAY } from '../supervisor/testing/two-cables.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { aliceAtConsole } from './testing/alice-at-console.ts'

const test = suite('lost uplink')

/** The target counts, a line every 50 ms, until `stop` returns its last number. */
function counting(context: TestContext, says: (text: string) => void) {
  let last = 0
  const timer = setInterval(() => says(`<${++last}>\r\n`), 50)
  const stop = () => {
    clearInterval(timer)
    return last
  }
  context.cleanup(stop)
  return {
    stop,
    get last() {
      return last
    },
  }
}

/** The numbers in the order in which they came. */
const numbersIn = (text: string) => [...text.matchAll(/<(\d+)>/g)].map(([, number]) => Number(number))
const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)

if (process.getuid?.() === 0) {
  test(
    'what TCP outlives loses no key and no byte, and doubles none',
    async context => {
      const { alice, target, kill, heal } = await aliceAtConsole(context)
      const count = counting(context, target.says)
      await alice.says(/<20>/)
      await kill('up1')
      await kill('up2')
      alice.types('typed while nothing passes;')
      const at = count.last
      await waitFor('three seconds of it', () => count.last >= at + 60)
      await heal()
      alice.types('and after')
      await target.hears(/and after/)
      const last = count.stop()
      await alice.says(new RegExp(`<${last}>`))
      const shown = numbersIn(alice.output())
      assert.equal(shown, upTo(shown[0] ?? 0, last))
      assert.is(target.heard(), 'typed while nothing passes;and after')
      assert.not.match(alice.output(), 'connecting again')
    },
    { timeoutMs: 200_000 },
  )

  test(
    'a session that its uplink took along is told why at the next login, and the transcript has no hole',
    async context => {
      const { alice, target, kill, run } = await aliceAtConsole(context)
      const count = counting(context, target.says)
      await alice.says(/<20>/)
      await kill('up1')
      await alice.says(/the connection was lost; connecting again/, 60_000)
      const why = `uplink up1 failed: ${RELAY.replaceAll('.', '\\.')}:\\d+ stopped answering; back by up2 after \\d+ s`
      const [said] = await alice.says(new RegExp(`your session ended at [-\\d: ]+ UTC: ${why}`), 60_000)
      process.stdout.write(` (${said}) `)
      const last = count.stop()
      await alice.says(new RegExp(`<${last}>`))
      const shown = new Set(numbersIn(alice.output()))
      const [first = 0] = shown
      const missing = upTo(first, last).filter(number => !shown.has(number))
      assert.ok(missing.length <= 1, `${missing}: the session may end in one line, and go on in its middle`)
      alice.types('still here')
      await target.hears(/still here/)
      const { stdout } = await run('log', '--raw', '--since', '10m')
      const recorded = numbersIn(stdout)
      assert.equal(recorded, upTo(1, last))
    },
    { timeoutMs: 200_000 },
  )
} else {
  test.skip('what TCP outlives loses no key', 'network namespaces need root')
}

test.run()
