/** A terminal server that means no good: what it sends and does not read costs a bound, and ends with its connection. */
import { createServer, type Socket } from 'node:net'
import * as assert from 'uvu/assert'
import { systemClock } from '../../runtime/clock.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { TELNET } from '../rfc2217/telnet.ts'
import { openTelnetLine } from './telnet-line.ts'

const test = suite('hostile peer')
const SETTINGS = { baudRate: 9600, dataBits: 8, parity: 'none', stopBits: 1, flowControl: 'none' } as const
/** Milliseconds without room: the kernel has as much as it takes for both ends. */
const KERNEL_MS = 500

/** A line to a server that reads nothing. */
async function unreadLine(context: TestContext) {
  const server = createServer({ pauseOnConnect: true })
  const connected = new Promise<Socket>(resolve => server.once('connection', resolve))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const closed: string[] = []
  const events = {
    ...{ onData: () => {}, onHeld: () => {}, isBehind: () => false, caughtUp: async () => {} },
    onClose: (cause: string) => void closed.push(cause),
  }
  const host = { name: 'far', port, addresses: ['127.0.0.1'] }
  const line = await openTelnetLine(host, SETTINGS, events, systemClock, context.signal)
  const socket = await connected
  socket.on('error', () => {})
  context.cleanup(() => {
    socket.destroy()
    server.close()
  })
  /** Of this end: the line's own socket, as the process has it. */
  const connections = () => process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length
  return { line, socket, closed, connections }
}

test('a line that is closed while its peer reads nothing leaves no connection behind', async context => {
  const { line, connections } = await unreadLine(context)
  let fullSince = 0
  await waitFor('a peer that takes no more', () => {
    while (line.write(Buffer.alloc(2_048, 'x')) > 0) fullSince = Date.now()
    return Date.now() - fullSince > KERNEL_MS
  })
  const before = connections()
  await line.close()
  await waitFor('the end of its connection', () => connections() < before)
})

test('one that asks for ever and reads no answer is named and left', async context => {
  const { socket, closed, connections } = await unreadLine(context)
  const before = connections()
  const asks = Buffer.from(Array.from({ length: 20_000 }, () => [TELNET.iac, TELNET.do, 24]).flat())
  await waitFor('the end', () => {
    if (socket.writableLength < 1_000_000) socket.write(asks)
    return closed.length > 0
  })
  assert.equal(closed, ['the server asks and does not read the answers'])
  await waitFor('the end of its connection', () => connections() < before)
})

test.run()
