/** A terminal server that dies without a word: found while nothing is sent, and while what was typed is not confirmed. */
import { userInfo } from 'node:os'
import * as assert from 'uvu/assert'
import { systemClock } from '../../runtime/clock.ts'
import { runProgram, startProgram } from '../../testbed/run-program.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { openTelnetLine } from './telnet-line.ts'

const test = suite('dead peer')
const SETTINGS = { baudRate: 9600, dataBits: 8, parity: 'none', stopBits: 1, flowControl: 'none' } as const
const LIMIT = { timeoutMs: 180_000 }

async function ip(...args: string[]): Promise<void> {
  const { code, stderr } = await runProgram('ip', args)
  assert.is(code, 0, `ip ${args.join(' ')}: ${stderr}`)
}

/** A server in a network namespace of its own, whose network can go away. */
async function farServer(context: TestContext) {
  const space = `oobm-far-${process.pid}`
  const near = `far${process.pid % 100_000}`
  context.cleanup(() => runProgram('ip', ['netns', 'del', space]))
  await ip('netns', 'add', space)
  await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space)
  context.cleanup(() => runProgram('ip', ['link', 'del', near]))
  await ip('addr', 'add', '198.51.100.1/30', 'dev', near)
  await ip('link', 'set', near, 'up')
  await ip('-n', space, 'addr', 'add', '198.51.100.2/30', 'dev', 'eth0')
  await ip('-n', space, 'link', 'set', 'eth0', 'up')
  const server = startProgram('ip', [
    'netns',
    'exec',
    space,
    'socat',
    'TCP-LISTEN:2001,reuseaddr,fork',
    'SYSTEM:echo ready; cat',
  ])
  context.cleanup(async () => {
    // socat has a process for each connection, and one for what answers there.
    const { stdout } = await runProgram('ip', ['netns', 'pids', space])
    await runProgram('kill', ['-KILL', ...stdout.split('\n').filter(Boolean)])
    await server.stop()
  })
  await waitFor('the server', async () => {
    const listening = ['netns', 'exec', space, 'ss', '-Hltn', 'sport = :2001']
    return (await runProgram('ip', listening)).stdout !== ''
  })
  const vanish = async () => {
    const rules = 'add table ip x; add chain ip x y { type filter hook input priority 0; policy drop; }'
    const { code, stderr } = await runProgram('ip', ['netns', 'exec', space, 'nft', rules])
    assert.is(code, 0, stderr)
  }
  let data = ''
  const closed: string[] = []
  const events = {
    onData: (bytes: Buffer) => {
      data += bytes.toString()
    },
    onHeld: () => {},
    onClose: (cause: string) => void closed.push(cause),
    isBehind: () => false,
    caughtUp: async () => {},
  }
  const host = { name: 'far', port: 2001, addresses: ['198.51.100.2'] }
  const line = await openTelnetLine(host, SETTINGS, events, systemClock, context.signal)
  context.cleanup(() => line.close())
  await waitFor('its greeting', () => data === 'ready\n')
  return { line, closed, vanish }
}

if (userInfo().uid !== 0) test.skip('a peer that is gone is found', 'needs root, for a network namespace')
else {
  for (const [what, typed] of [
    ['while nothing is sent', ''],
    ['while what was typed is not confirmed', 'show version\r'],
  ] as const) {
    test(
      `a peer that is gone is found ${what}`,
      async context => {
        const { line, closed, vanish } = await farServer(context)
        await vanish()
        if (typed !== '') line.write(Buffer.from(typed))
        await waitFor('the end', () => closed.length > 0, { timeoutMs: 90_000 })
        assert.equal(closed, ['the server no longer answers'])
      },
      LIMIT,
    )
  }
}

test.run()
