/** Commands of a page that does not keep to the rules, or leaves: by real WebSockets and a real ssh that reaches nobody. */
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { WebSocket, WebSocketServer } from 'ws'
import { runProgram } from '../../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../../testbed/scratch.ts'
import { suite, type TestContext } from '../../../../testbed/suite.ts'
import { waitFor } from '../../../../testbed/wait-for.ts'
import { INPUT_WINDOW_BYTES, type RunTell } from './run-messages.ts'
import { createRuns } from './serve-runs.ts'

const test = suite('commands of a page')

async function withRuns(context: TestContext) {
  const directory = await scratchDirectory(context)
  const config = join(directory, 'config')
  // It connects, and no server ever greets.
  await writeFile(config, `Host sw1\n  HostName sw1.invalid\n  ProxyCommand cat 3>&1 >/dev/null 2>&1\n`)
  const over = new AbortController()
  const runs = createRuns({ config, mayOpen: name => name === 'sw1', signal: over.signal })
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  context.cleanup(() => server.close())
  server.on('connection', runs.serve)
  const ask = async (question: unknown) => {
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
    context.cleanup(() => socket.terminate())
    const told: RunTell[] = []
    socket.on('message', data => told.push(JSON.parse(String(data))))
    await once(socket, 'open')
    socket.send(typeof question === 'string' ? question : JSON.stringify(question))
    const says = () => waitFor('a word of the desk', () => told.find(({ type }) => type === 'problem'))
    return { socket, told, says }
  }
  const isRunning = async () => (await runProgram('pgrep', ['-f', `ssh .*-F ${config} `])).stdout !== ''
  return { ask, isRunning, over, runs }
}

const file = { command: 'ymodem', console: 'sw1', name: 'x', bytes: 10 }

test('are refused where they are none, or not for this person', async context => {
  const { ask, isRunning } = await withRuns(context)
  const cases: [unknown, RegExp][] = [
    ['{', /no command that the desk knows/],
    [{ ...file, bytes: 134_217_729 }, /no command that the desk knows/],
    [{ command: 'attach', console: 'sw1' }, /no command that the desk knows/],
    [{ ...file, console: 'sw2' }, /you may not open .{1,2}sw2/],
  ]
  for (const [question, why] of cases) {
    const { says } = await ask(question)
    assert.match(JSON.stringify(await says()), why)
  }
  assert.is(await isRunning(), false)
})

test('get no more bytes than were announced, and no more than ssh takes', async context => {
  const { ask, isRunning } = await withRuns(context)
  const more = await ask(file)
  more.socket.send(Buffer.alloc(11))
  assert.match(JSON.stringify(await more.says()), /larger than the 10 bytes that were announced/)
  const faster = await ask({ ...file, bytes: INPUT_WINDOW_BYTES * 4 })
  for (let sent = 0; sent < INPUT_WINDOW_BYTES * 3; sent += 65_536) faster.socket.send(Buffer.alloc(65_536))
  assert.match(JSON.stringify(await faster.says()), /sends faster than it may/)
  await waitFor('their end', async () => !(await isRunning()))
})

test('end with the page, and with the desk', async context => {
  const { ask, isRunning, over, runs } = await withRuns(context)
  const left = await ask(file)
  await waitFor('ssh', isRunning)
  left.socket.close()
  await waitFor('its end', async () => !(await isRunning()))
  await ask(file)
  await waitFor('ssh', isRunning)
  over.abort()
  await runs.ended()
  assert.is(await isRunning(), false)
})

test.run()
