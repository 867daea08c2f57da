import { connect, createServer, type Socket } from 'node:net'
import * as assert from 'uvu/assert'
import { systemClock } from '../../runtime/clock.ts'
import { createLog } from '../../runtime/log.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import type { Arrival, Connection } from '../ssh/connection.ts'
import { forwardChannels } from './forward-channels.ts'

const test = suite('forward-channels')
const SHELL = { name: 'shell', listener: 20_100, target: 22 } as const

/** Two ends of a connection that closes by halves, as a channel does. */
async function wire(context: TestContext): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true })
  const far = new Promise<Socket>(resolve => server.once('connection', resolve))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const near = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const ends: [Socket, Socket] = [near, await far]
  server.close()
  for (const end of ends) {
    end.on('error', () => {})
    context.cleanup(() => end.destroy())
  }
  return ends
}

/** A visitor at the shell's listener, and the server that takes the visit. */
async function visit(context: TestContext) {
  const [visitor, channel] = await wire(context)
  const [socket, server] = await wire(context)
  let come: ((arrival: Arrival) => void) | undefined
  const connection = {
    closed: new AbortController().signal,
    onArrival: (take: (arrival: Arrival) => void) => {
      come = take
    },
  } as unknown as Connection
  forwardChannels(connection, {
    ...{ routes: [SHELL], ownIdent: 'own', onChange: () => {}, clock: systemClock, log: createLog('test') },
    dialLocal: async () => ({ ok: true, value: socket }),
  })
  come?.({ port: SHELL.listener, accept: () => channel, reject: () => channel.destroy() })
  return { visitor, channel, server }
}

test('a visitor who leaves a server that never said a state takes no place any more', async context => {
  const { visitor, channel, server } = await visit(context)
  visitor.end('SSH-2.0-visitor\r\n')
  // The server hangs: it reads nothing, and closes nothing.
  server.pause()
  await waitFor('the channel to be given back', () => channel.destroyed)
})

test('a visitor who closes its half at once still hears the greeting', async context => {
  const { visitor, server } = await visit(context)
  let heard = ''
  visitor.on('data', text => {
    heard += text
  })
  server.resume()
  const over = new Promise(resolve => server.once('end', resolve))
  visitor.end()
  await over
  server.end('SSH-2.0-server\r\n')
  await waitFor('the greeting', () => heard === 'SSH-2.0-server\r\n')
})

test('who has been greeted may close by halves, and still reads what the server has to say', async context => {
  const { visitor, server } = await visit(context)
  let heard = ''
  visitor.on('data', text => {
    heard += text
  })
  server.write('SSH-2.0-server\r\n')
  await waitFor('the greeting', () => heard.endsWith('\r\n'))
  const over = new Promise(resolve => server.once('end', resolve))
  server.resume()
  visitor.end('the last states')
  await over
  server.end('and an answer')
  await waitFor('the answer', () => heard.endsWith('and an answer'))
  assert.is(heard, 'SSH-2.0-server\r\nand an answer')
})

test.run()
