import { connect, createServer, type Socket } from 'node:net'
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { coalesceWrites } from './coalesce-writes.ts'

const test = suite('coalesce-writes')

test('what is written in one go arrives whole and in order, in fewer writes, and the end is not lost', async context => {
  const received: Buffer[] = []
  const server = createServer(socket => socket.on('data', bytes => received.push(bytes)).on('end', () => socket.end()))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.cleanup(() => server.close())
  const socket = connect({ host: '127.0.0.1', port: (server.address() as { port: number }).port, noDelay: true })
  context.cleanup(() => socket.destroy())
  await new Promise(resolve => socket.once('connect', resolve))
  let writes = 0
  const inner = socket as Socket & { _writev: NonNullable<Socket['_writev']>; _write: Socket['_write'] }
  for (const name of ['_write', '_writev'] as const) {
    const original = inner[name] as (...args: unknown[]) => void
    inner[name] = ((...args: unknown[]) => {
      writes++
      return original.apply(socket, args)
    }) as never
  }
  coalesceWrites(socket)
  for (let packet = 0; packet < 10; packet++) {
    for (const piece of ['four', 'payload', 'tag;']) socket.write(piece)
    await new Promise(resolve => setImmediate(resolve))
  }
  assert.ok(writes <= 10, `${writes} writes for 10 packets of 3 pieces`)
  socket.write('last')
  socket.end()
  await new Promise(resolve => socket.once('close', resolve))
  assert.is(Buffer.concat(received).toString(), `${'fourpayloadtag;'.repeat(10)}last`)
})

test.run()
