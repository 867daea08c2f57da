/** What somebody on a console reads before the device itself ends the tunnel. */
import { suite } from '../testbed/suite.ts'
import { aliceAtConsole } from './testing/alice-at-console.ts'

const test = suite('told before')

if (process.getuid?.() === 0) {
  test(
    'who is in is told before the supervisor ends the tunnel',
    async context => {
      const { alice, device } = await aliceAtConsole(context)
      const stopping = device.program.stop(20_000)
      await alice.says(
        /\[oobm: the tunnel to [\d.]+:\d+ closes: sessions by that relay end now; connect again in a moment\]/,
        60_000,
      )
      await stopping
      await alice.says(/the connection was lost; connecting again/)
    },
    { timeoutMs: 200_000 },
  )
} else {
  test.skip('who is in is told before the supervisor ends the tunnel', 'network namespaces need root')
}

test.run()
