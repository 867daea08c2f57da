import { randomBytes } from 'node:crypto'
import type { EventEmitter } from 'node:events'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { connect as dial, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import ssh2, { type ClientChannel } from 'ssh2'
import * as assert from 'uvu/assert'
import { startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { type BridgeFiles, bridgeFiles, runCommand, startBridge, statusWhere } from '../testing/bridge-fixture.ts'
import { keyExchange } from '../testing/key-exchange.ts'

const test = suite('work before the login')
const LIMIT = { timeoutMs: 120_000 }
const FLOOD_MS = 6_000
/**
 * Milliseconds that a technician's echo may take meanwhile: 0.1 to 0.3 s on an idle PC, and much less than a hold-up.
 */
const ECHO_MS = 3_000

/**
 * Clients that come again when their connection has closed, until stopped.
 * @param how they make a key exchange and leave, or greet only and stay, until they are sent away
 */
function flood(
  context: TestContext,
  port: number,
  clients: number,
  how: 'exchange' | 'greet',
): { stop(): void; exchanges(): number } {
  const bytes = how === 'exchange' ? keyExchange() : Buffer.from('SSH-2.0-x\r\n')
  const sockets = new Set<Socket>()
  let exchanges = 0
  let isOver = false
  const come = () => {
    if (isOver) return
    const socket = dial(port, '127.0.0.1', () => socket.write(bytes))
    let answer = Buffer.alloc(0)
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', chunk => {
      answer = Buffer.concat([answer, chunk])
      // The host key stands in the answer to the exchange alone, after its name in the offer.
      if (answer.indexOf('ssh-ed25519', answer.indexOf('ssh-ed25519') + 1) === -1) return
      exchanges++
      socket.destroy()
    })
    socket.on('close', () => {
      sockets.delete(socket)
      setImmediate(come)
    })
  }
  for (let count = 0; count < clients; count++) come()
  const stop = () => {
    isOver = true
    for (const socket of sockets) socket.destroy()
  }
  context.cleanup(stop)
  return { stop, exchanges: () => exchanges }
}

/** A logged-in technician at a console that echoes. */
async function technician(context: TestContext, files: BridgeFiles): Promise<ClientChannel> {
  const client = new ssh2.Client()
  client.on('error', () => {})
  context.cleanup(() => client.end())
  return new Promise((resolve, reject) => {
    client.once('ready', () => client.shell((err, channel) => (err ? reject(err) : resolve(channel))))
    client.connect({
      port: files.port,
      host: '127.0.0.1',
      username: 'core-sw1',
      privateKey: files.keys.alice.privateKey,
    })
  })
}

/** @returns milliseconds until it came back */
async function echo(channel: ClientChannel): Promise<number> {
  const word = randomBytes(6).toString('hex')
  let said = ''
  const listen = (chunk: Buffer) => {
    said += chunk
  }
  channel.on('data', listen)
  const startedMs = performance.now()
  channel.write(word)
  await waitFor('the echo', () => said.includes(word), { paceMs: 2 })
  channel.off('data', listen)
  return performance.now() - startedMs
}

test(
  'a technician types while others ask for key exchanges as fast as they can',
  async context => {
    const path = join(await scratchDirectory(context), 'tty')
    const target = startProgram('socat', [`PTY,link=${path},raw,echo=0`, 'EXEC:cat'])
    context.cleanup(() => target.stop())
    // While nobody has it open, socat would take the first close for the end.
    const held = await waitFor('the pty', () =>
      open(path, constants.O_RDWR | constants.O_NOCTTY).catch(() => undefined),
    )
    context.cleanup(() => held.close())
    const files = await bridgeFiles(context, [{ name: 'core-sw1', path }])
    const bridge = await startBridge(context, files)
    await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
    const channel = await technician(context, files)
    await echo(channel)

    const { stop, exchanges } = flood(context, files.port, 300, 'exchange')
    const endMs = performance.now() + FLOOD_MS
    let longestMs = 0
    while (performance.now() < endMs) {
      longestMs = Math.max(longestMs, await echo(channel))
      await delay(20)
    }
    const done = exchanges()
    stop()
    assert.ok(done > 100, `the flood was none: ${done} key exchanges`)
    assert.ok(longestMs < ECHO_MS, `an echo took ${Math.round(longestMs)} ms`)
    assert.is((await runCommand(files, 'bob', 'core-sw1', 'list')).code, 0)
    assert.not(bridge.ended())
  },
  LIMIT,
)

for (const [how, title] of [
  ['greet', 'greet, and come again as soon as they are sent away'],
  ['exchange', 'ask for key exchanges as fast as they can'],
] as const) {
  test(
    `a technician with a key logs in while others ${title}`,
    async context => {
      const files = await bridgeFiles(context, [{ name: 'core-sw1', path: '/dev/not-plugged-in' }])
      await startBridge(context, files)
      const { stop } = flood(context, files.port, 100, how)
      for (let login = 0; login < 2; login++) {
        const { code, stderr } = await runCommand(files, 'alice', 'core-sw1', 'list')
        assert.is(code, 0, stderr)
      }
      stop()
    },
    LIMIT,
  )
}

test(
  'a second key exchange before the login ends the connection',
  async context => {
    const files = await bridgeFiles(context, [{ name: 'core-sw1', path: '/dev/not-plugged-in' }])
    await startBridge(context, files)
    const rekey = (isLoggedIn: boolean) =>
      new Promise<string>(resolve => {
        const client = new ssh2.Client()
        context.cleanup(() => client.destroy())
        client.on('error', () => {})
        client.on('close', () => resolve('closed'))
        // ssh2's client makes a new exchange only by this.
        const again = () => (client as unknown as { _protocol: { rekey(): void } })._protocol.rekey()
        const events: EventEmitter = client
        events.once(isLoggedIn ? 'ready' : 'handshake', () => {
          if (isLoggedIn)
            events.once('handshake', () => client.exec('list', err => resolve(err ? 'no session' : 'works')))
          setImmediate(again)
        })
        client.connect({
          ...{ port: files.port, host: '127.0.0.1', username: 'core-sw1', privateKey: files.keys.alice.privateKey },
          // One that never answers which method to try waits for ever.
          ...(isLoggedIn ? {} : { readyTimeout: 0, authHandler: () => undefined as never }),
        })
      })
    assert.is(await rekey(true), 'works')
    assert.is(await rekey(false), 'closed')
  },
  { timeoutMs: 15_000 },
)

test.run()
