import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import * as assert from 'uvu/assert'
import { WebSocket, WebSocketServer } from 'ws'
import { suite, type TestContext } from '../../../../testbed/suite.ts'
import { waitFor } from '../../../../testbed/wait-for.ts'
import { RECORDING_MAX_BYTES } from './cast.ts'
import type { RecordingEnd } from './recording-messages.ts'
import { createRecordings } from './serve-recording.ts'

const test = suite('a recording on its way to the desk’s page')

/** @param script stands in for ssh */
async function ask(context: TestContext, script: string, asked: unknown = { console: 'sw1', number: 3 }) {
  const children: ChildProcessWithoutNullStreams[] = []
  const started: string[][] = []
  const recordings = createRecordings({
    config: '/c',
    mayOpen: name => name === 'sw1',
    signal: context.signal,
    start: args => {
      started.push([...args])
      const child = spawn('sh', ['-c', script])
      children.push(child)
      return child
    },
  })
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  context.cleanup(() => server.close())
  server.on('connection', recordings.serve)
  await once(server, 'listening')
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}`)
  context.cleanup(() => socket.terminate())
  let bytes = 0
  let end: RecordingEnd | undefined
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) bytes += data.length
    else end = JSON.parse(data.toString()) as RecordingEnd
  })
  const closed = once(socket, 'close')
  await once(socket, 'open')
  socket.send(JSON.stringify(asked))
  return { socket, closed, children, started, said: () => ({ bytes, end }) }
}

test('comes whole, by the command that a person would type', async context => {
  const { closed, started, said } = await ask(context, 'head -c 3000000 /dev/zero')
  await closed
  assert.equal(said(), { bytes: 3_000_000, end: { problem: '', isCut: false } })
  assert.is(started[0]?.slice(-3).join(' '), '-- sw1 recordings export 3')
  assert.ok(started[0]?.includes('BatchMode=yes'))
})

test('without end is cut, and what sends it ends', async context => {
  const { closed, children, said } = await ask(context, 'exec cat /dev/zero')
  await closed
  assert.equal(said(), { bytes: RECORDING_MAX_BYTES, end: { problem: '', isCut: true } })
  await waitFor('its end', () => children[0]?.exitCode !== null || children[0]?.signalCode !== null)
})

test('that fails says why', async context => {
  const { closed, said } = await ask(context, 'echo "nothing is left of recording 3" >&2; exit 69')
  await closed
  assert.equal(said().end, { problem: 'nothing is left of recording 3', isCut: false })
})

test('that nobody reads any more ends', async context => {
  const { socket, children } = await ask(context, 'echo x; exec sleep 600')
  await waitFor('its start', () => children.length > 0)
  socket.terminate()
  await waitFor('its end', () => children[0]?.signalCode === 'SIGTERM')
})

test('of a console that is not theirs, or by a strange question, is not asked for', async context => {
  for (const asked of [
    { console: 'sw2', number: 1 },
    { console: 'sw1', number: '1; id' },
    { console: '-oX', number: 1 },
    7,
  ]) {
    const { closed, started } = await ask(context, 'true', asked)
    await closed
    assert.equal(started, [], JSON.stringify(asked))
  }
})

test.run()
