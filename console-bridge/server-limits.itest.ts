import { connect, type Socket } from 'node:net'
import * as assert from 'uvu/assert'
import { silentLog } from '../runtime/log.ts'
import { startProgram } from '../testbed/run-program.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { suite, type TestContext } from '../tools/suite.ts'
import { runBridge } from './run-bridge.ts'
import type { ServerLimits } from './ssh/limits.ts'
import { type BridgeFiles, bridgeFiles, runWord, sshArgs, startBridge, statusWhere } from './testing/bridge-fixture.ts'

const test = suite('what a server bears')
const LIMIT = { timeoutMs: 120_000 }
const NOT_THERE = { name: 'core-sw1', path: '/dev/not-plugged-in' }

/** A bridge within this process, with limits of its own. */
async function startInside(context: TestContext, files: BridgeFiles, limits: Partial<ServerLimits>): Promise<void> {
  const ending = new AbortController()
  const env = { ...process.env, ...files.env }
  const done = runBridge({ env, signal: ending.signal, schemes: {}, limits, log: silentLog })
  context.cleanup(() => {
    ending.abort()
    return done
  })
  await statusWhere(files, 'there', () => true)
}

/** A raw TCP connection, and whether the other side closed it. */
function raw(context: TestContext, port: number): { socket: Socket; closed(): boolean } {
  const socket = connect(port, '127.0.0.1')
  let closed = false
  socket.on('error', () => {})
  socket.on('close', () => {
    closed = true
  })
  socket.resume()
  context.cleanup(() => socket.destroy())
  return { socket, closed: () => closed }
}

test(
  'no garbage ends it',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    const bridge = await startBridge(context, files)
    const garbage = [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.alloc(100_000, 0xff),
      Buffer.from(`SSH-2.0-x\r\n${'A'.repeat(50_000)}`),
      Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), Buffer.from([0, 0, 0, 12, 4, 50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])]),
      Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), Buffer.alloc(64, 0)]),
      Buffer.from('SSH-1.5-old\r\n'),
    ]
    const sockets = garbage.map(bytes => {
      const one = raw(context, files.port)
      one.socket.end(bytes)
      return one
    })
    const reset = raw(context, files.port)
    reset.socket.write('SSH-2.0-x\r\n', () => reset.socket.resetAndDestroy())
    await waitFor('all to be closed', () => sockets.every(({ closed }) => closed()))
    assert.is((await runWord(files, 'alice', 'core-sw1', 'list')).code, 0)
    assert.not(bridge.ended())
  },
  LIMIT,
)

test(
  'closes a connection that does not log in',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    await startInside(context, files, { loginMs: 500 })
    const silent = raw(context, files.port)
    const halfway = raw(context, files.port)
    halfway.socket.write('SSH-2.0-x\r\n')
    await waitFor('both to be closed', () => silent.closed() && halfway.closed())
  },
  LIMIT,
)

test(
  'lets no more than a few wait for their login, and takes the next when one is gone',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    await startInside(context, files, { loginMs: 60_000, unauthenticated: 2 })
    const first = raw(context, files.port)
    const second = raw(context, files.port)
    await waitFor('both to be connected', () => !first.socket.connecting && !second.socket.connecting)
    const third = raw(context, files.port)
    await waitFor('the third to be closed', third.closed)
    assert.equal([first.closed(), second.closed()], [false, false])
    first.socket.destroy()
    await waitFor('a login', async () => (await runWord(files, 'alice', 'core-sw1', 'list')).code === 0)
  },
  LIMIT,
)

test(
  'a technician whose client is dead leaves the place to others',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    await startInside(context, files, { keepaliveMs: 300, keepaliveMisses: 2 })
    const client = startProgram('ssh', sshArgs(files, 'alice', 'core-sw1'))
    context.cleanup(() => client.stop())
    await statusWhere(files, 'alice types', ({ consoles }) => consoles[0]?.sessions[0]?.writer === true)
    client.child.kill('SIGSTOP')
    await statusWhere(files, 'nobody', ({ consoles }) => consoles[0]?.sessions.length === 0)
  },
  LIMIT,
)

test.run()
