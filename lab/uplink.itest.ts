/** A line that is cut: the real forwarder, and the kernel's own queue of those who wait for it. */
import { connect, createServer, type Socket } from 'node:net'
import * as assert from 'uvu/assert'
import { settled } from '../runtime/waiting.ts'
import { freePort } from '../testbed/free-port.ts'
import { startProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { cutUplink, uplinkCommand } from './uplink.ts'

const test = suite('line of a device')
/** Milliseconds within which a connection over the loopback comes about, if it does. */
const CONNECT_MS = 1_000

test('cut, it answers no new connection; joined, all goes on', async context => {
  const server = createServer(socket => socket.pipe(socket))
  const to = await freePort()
  await new Promise<void>(resolve => server.listen(to, '127.0.0.1', resolve))
  context.cleanup(() => void server.close())
  const from = await freePort()
  const [command = '', ...args] = uplinkCommand(from, to)
  // It leads its process group, as in a lab: all of it is stopped.
  const line = startProgram('setsid', [command, ...args])
  context.cleanup(() => line.stop())
  const dial = () => {
    const socket = connect({ host: '127.0.0.1', port: from })
    socket.on('error', () => {})
    context.cleanup(() => void socket.destroy())
    return socket
  }
  const isAnswered = async (socket: Socket) => {
    const over = new AbortController()
    const timer = setTimeout(() => over.abort(), CONNECT_MS)
    const answered = await settled(over.signal, false, settle => socket.once('connect', () => settle(true)))
    clearTimeout(timer)
    return answered
  }
  await waitFor('the forwarder', () => isAnswered(dial()))
  const before = dial()
  let heard = ''
  before.setEncoding('utf8').on('data', text => {
    heard += text
  })
  before.write('one ')
  await waitFor('an echo', () => heard === 'one ')

  const mend = await cutUplink(line.child.pid ?? 0, from)
  // One that is stopped does not end.
  context.cleanup(mend)
  assert.not(await isAnswered(dial()), 'while it is cut')
  before.write('two')
  assert.is(heard, 'one ')
  mend()
  await waitFor('the old connection', () => heard === 'one two')
  await waitFor('a new one', () => isAnswered(dial()))
})

test.run()
