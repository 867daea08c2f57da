import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { promisify } from 'node:util'
import * as assert from 'uvu/assert'
import { childrenOf } from '../testbed/left-behind.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { openOver } from './socat-stream.ts'

const test = suite('socat-stream')

const socats = () => childrenOf(process.pid).filter(({ pid }) => nameOf(pid) === 'socat')

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}

/** Bound to the loopback: its address is there, and no other way leads to it. */
const open = (port: number, signal = new AbortController().signal, address = '127.0.0.1') =>
  openOver('lo')({ address, port, signal })

async function listen(context: TestContext, serve: (socket: Socket) => void, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>()
  const server: Server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  server.listen(0, host)
  await once(server, 'listening')
  context.cleanup(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as { port: number }).port
}

test('carries bytes both ways, knows its own address, and ends with the stream', async context => {
  const port = await listen(context, socket => socket.pipe(socket))
  const opened = await open(port)
  if (!opened.ok) throw new Error(`it did not open: ${opened.fault.kind}`)
  const { stream, localAddress } = opened
  assert.is(localAddress, '127.0.0.1')
  assert.is(socats().length, 1)
  stream.write('hello')
  const [answer] = await once(stream, 'data')
  assert.is(String(answer), 'hello')
  stream.destroy()
  await waitFor('socat to be gone', () => socats().length === 0)
})

test('reads the first byte that comes, and the end of the other side', async context => {
  const port = await listen(context, socket => socket.end('SSH-2.0-x\r\n'))
  const opened = await open(port)
  if (!opened.ok) throw new Error(`it did not open: ${opened.fault.kind}`)
  let said = ''
  opened.stream.on('data', bytes => {
    said += bytes
  })
  await once(opened.stream, 'close')
  assert.is(said, 'SSH-2.0-x\r\n')
  await waitFor('socat to be gone', () => socats().length === 0)
})

test('has backpressure: what nobody reads is not held here', async context => {
  const port = await listen(context, socket => socket.pause())
  const opened = await open(port)
  if (!opened.ok) throw new Error(`it did not open: ${opened.fault.kind}`)
  const { stream } = opened
  let written = 0
  const piece = Buffer.alloc(65_536)
  while (stream.write(piece)) written += piece.length
  await new Promise(resolve => setTimeout(resolve, 300))
  while (written < 1e9 && stream.write(piece)) written += piece.length
  assert.ok(written < 1e8, `${written} bytes were taken`)
  assert.ok(stream.writableLength > 0)
  stream.destroy()
  await waitFor('socat to be gone', () => socats().length === 0)
})

test('speaks IPv6', async context => {
  const port = await listen(context, socket => socket.pipe(socket), '::1')
  const opened = await open(port, undefined, '::1')
  if (!opened.ok) throw new Error(`it did not open: ${opened.fault.kind}`)
  assert.is(opened.localAddress, '::1')
  opened.stream.destroy()
  await waitFor('socat to be gone', () => socats().length === 0)
})

test('says why there is none, and leaves no process', async context => {
  const port = await listen(context, () => {})
  const faultOf = async (interfaceName: string, to: number) => {
    const opened = await openOver(interfaceName)({ address: '127.0.0.1', port: to, signal: context.signal })
    return opened.ok ? undefined : opened.fault
  }
  assert.equal(await faultOf('nosuch0', port), { kind: 'no-route' })
  assert.equal(await faultOf('lo', 1), { kind: 'refused' })
  const path = process.env.PATH
  process.env.PATH = '/nonexistent'
  try {
    assert.equal(await faultOf('lo', port), { kind: 'local', detail: 'socat is not installed (package socat)' })
  } finally {
    process.env.PATH = path
  }
  await waitFor('socat to be gone', () => socats().length === 0)
})

test('without descriptors it says so, and does not throw', async () => {
  const program = `
    const { openSync } = await import('node:fs')
    const { openOver } = await import(${JSON.stringify(new URL('./socat-stream.ts', import.meta.url).href)})
    const open = openOver('lo')
    try { for (;;) openSync('/dev/null') } catch {}
    const { ok, fault } = await open({ address: '127.0.0.1', port: 1, signal: new AbortController().signal })
    console.log(ok, fault.kind)`
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program]
  const run = promisify(execFile)('sh', ['-c', 'ulimit -n 90; exec "$0" "$@"', process.execPath, ...args])
  assert.is((await run).stdout, 'false local\n')
})

test('an interface whose name has a comma is bound to that one', async context => {
  const port = await listen(context, () => {})
  const opened = await openOver('lo,keepalive')({ address: '127.0.0.1', port, signal: context.signal })
  assert.equal(opened, { ok: false, fault: { kind: 'no-route' } })
})

test('an abort ends it, before it is open and before it began', async context => {
  const over = new AbortController()
  // TEST-NET-1 (RFC 5737) over the loopback: nobody answers.
  const opening = open(443, over.signal, '192.0.2.1')
  await waitFor('socat to run', () => socats().length === 1)
  over.abort()
  assert.is((await opening).ok, false)
  assert.is((await open(443, over.signal)).ok, false)
  await waitFor('socat to be gone', () => socats().length === 0)
  context.signal.throwIfAborted()
})

test.run()
