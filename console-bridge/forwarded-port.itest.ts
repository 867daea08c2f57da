import { constants } from 'node:fs'
import { open, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { freePort } from '../testbed/free-port.ts'
import { type Program, runProgram, startProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import {
  type BridgeFiles,
  bridgeFiles,
  runCommand,
  sshArgs,
  startBridge,
  statusWhere,
} from './testing/bridge-fixture.ts'
import { bridgeOnPty } from './testing/bridge-on-pty.ts'
import { startInside } from './testing/raw-client.ts'

const test = suite('a console as a serial port')
const LIMIT = { timeoutMs: 120_000 }
type Who = keyof BridgeFiles['keys']

/** `ssh -N -L PORT:…`, once it listens. */
async function forward(context: TestContext, files: BridgeFiles, who: Who, to: string) {
  const port = await freePort()
  const options = ['-N', '-o', 'LogLevel=INFO', '-o', 'ExitOnForwardFailure=yes', '-L', `127.0.0.1:${port}:${to}`]
  const ssh = startProgram('ssh', [...options, ...sshArgs(files, who, 'core-sw1')])
  context.cleanup(() => ssh.stop())
  context.onFailure(ssh.output)
  await waitFor('the forwarded port', async () => {
    if (ssh.ended()) throw new Error(`ssh ended: ${ssh.output()}`)
    return (await runProgram('ss', ['-Hltn', `sport = :${port}`])).stdout !== ''
  })
  return { port, ssh, rfc2217: `rfc2217://127.0.0.1:${port}`, raw: `socket://127.0.0.1:${port}` }
}

function pySerial(context: TestContext, url: string, ...commands: string[]): Program {
  const script = join(import.meta.dirname, 'testing/serial-port.py')
  const client = startProgram('/usr/bin/python3', ['-W', 'ignore', script, url, ...commands])
  context.cleanup(() => client.stop())
  context.onFailure(client.output)
  return client
}

/** Connects, and collects what comes. */
function tcp(context: TestContext, port: number) {
  const socket = connect(port, '127.0.0.1')
  let bytes = Buffer.of()
  let isClosed = false
  socket.on('data', data => {
    bytes = Buffer.concat([bytes, data])
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    isClosed = true
  })
  context.cleanup(() => socket.destroy())
  return { socket, bytes: () => bytes, closed: () => isClosed }
}

async function speedOf(path: string): Promise<string> {
  return /speed (\d+)/.exec((await runProgram('stty', ['-F', path])).stdout)?.[1] ?? ''
}

test(
  'pySerial reads and writes each byte value, with RFC 2217 and raw',
  async context => {
    const path = join(await scratchDirectory(context), 'echo')
    const echo = startProgram('socat', [`PTY,link=${path},raw,echo=0`, 'EXEC:cat'])
    context.cleanup(() => echo.stop())
    const held = await waitFor('the pty', () =>
      open(path, constants.O_RDWR | constants.O_NOCTTY).catch(() => undefined),
    )
    context.cleanup(() => held.close())
    const files = await bridgeFiles(context, [{ name: 'core-sw1', path, baudRate: 115_200 }])
    await startBridge(context, files)
    await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
    const com = await forward(context, files, 'alice', 'core-sw1:2217')
    await pySerial(context, com.rfc2217, 'speed', '115200', 'echo', 'cts').says(/echo same\ncts False\n/, 60_000)
    await statusWhere(files, 'left', ({ consoles }) => consoles[0]?.sessions.length === 0)
    const raw = await forward(context, files, 'alice', 'core-sw1:23')
    await pySerial(context, raw.raw, 'echo').says(/echo same\n/, 60_000)
  },
  LIMIT,
)

test(
  'pySerial changes the speed, and at its end the line has the old one; the others are told who it is',
  async context => {
    const { files, target, attach } = await bridgeOnPty(context)
    const { rfc2217 } = await forward(context, files, 'alice', 'core-sw1:2217')
    const client = pySerial(context, rfc2217, 'speed', '115200', 'wait', 'settings', '9600', '7', 'E', '2', 'wait')
    await client.says(/speed 115200\n/, 60_000)
    assert.is(await speedOf(target.path), '115200')
    const bob = await attach('bob')
    await bob.says(/alice \(RFC 2217\) types/)
    await bob.says(/115200 8N1/)
    client.child.stdin?.write('go on\n')
    // A pty has eight bits and no parity: the answer is what the line has, and pySerial takes that for the refusal that it is.
    await client.says(/settings remote rejected value for option/, 60_000)
    client.child.stdin?.write('end\n')
    await bob.says(/alice \(RFC 2217\) left/, 60_000)
    await waitFor('the old speed', async () => (await speedOf(target.path)) === '9600')
  },
  LIMIT,
)

test(
  'pySerial’s BREAK is on the line for as long as it asks, and the others are told',
  async context => {
    const trace = join(await scratchDirectory(context), 'trace')
    const under = ['strace', '-D', '-f', '-ttt', '-e', 'trace=ioctl', '-o', trace]
    const { files, attach } = await bridgeOnPty(context, {}, under)
    const { rfc2217 } = await forward(context, files, 'alice', 'core-sw1:2217')
    const client = pySerial(context, rfc2217, 'wait', 'break', '0.7', 'wait')
    await client.says(/open\n/, 60_000)
    const bob = await attach('bob')
    client.child.stdin?.write('go on\n')
    await bob.says(/alice \(RFC 2217\) sent BREAK, \d+ ms/, 60_000)
    const calls = [...(await readFile(trace, 'utf8')).matchAll(/^\d+ +([\d.]+) ioctl\(\d+, (TIOC[SC]BRK)/gm)]
    const at = (request: string, after = 0) =>
      calls.flatMap(([, seconds, name]) => (name === request && Number(seconds) > after ? [Number(seconds)] : []))
    const [on = 0, ...more] = at('TIOCSBRK')
    const [off = 0] = at('TIOCCBRK', on)
    assert.equal(more, [])
    assert.ok(off - on >= 0.7, `${off - on} s`)
    await statusWhere(
      files,
      'the BREAK in the history',
      ({ events }) => events?.some(({ event }) => event === 'break') ?? false,
    )
  },
  LIMIT,
)

test(
  'ser2net as the client: it takes its own client’s speed and BREAK to the line',
  async context => {
    const directory = await scratchDirectory(context)
    const { files, target, attach } = await bridgeOnPty(context)
    const { port } = await forward(context, files, 'alice', 'core-sw1:2217')
    const own = await freePort()
    const config = join(directory, 'ser2net.yaml')
    await writeFile(
      config,
      `%YAML 1.1
---
connection: &core-sw1
  accepter: telnet(rfc2217=true),tcp,127.0.0.1,${own}
  connector: telnet(rfc2217=true),tcp,127.0.0.1,${port}
`,
    )
    const ser2net = startProgram('ser2net', ['-d', '-n', '-P', join(directory, 'pid'), '-c', config])
    context.cleanup(() => ser2net.stop())
    context.onFailure(ser2net.output)
    await waitFor('ser2net', async () => (await runProgram('ss', ['-Hltn', `sport = :${own}`])).stdout !== '')
    const commands = ['wait', 'speed', '115200', 'break', '0.3', 'write', 'show clock', 'read', '7']
    const client = pySerial(context, `rfc2217://127.0.0.1:${own}`, ...commands)
    await client.says(/open\n/, 60_000)
    const bob = await attach('bob')
    client.child.stdin?.write('go on\n')
    await client.says(/speed 115200\nbreak sent\nwrite 10\n/, 60_000)
    assert.is(await speedOf(target.path), '115200')
    await target.hears(/^show clock$/)
    target.says('Router#')
    await client.says(/read b'Router#'/)
    await bob.says(/alice \(RFC 2217\) sent BREAK/)
  },
  LIMIT,
)

test(
  'ssh shows why a destination is refused, and who types',
  async context => {
    const { files, attach } = await bridgeOnPty(context)
    const only = /open failed: administratively prohibited: only consoles can be reached: core-sw1:2217/
    for (const to of ['127.0.0.1:22', 'core-sw1:22', 'core-sw2:2217', `127.0.0.1:${files.port}`]) {
      const { port, ssh } = await forward(context, files, 'alice', to)
      const one = tcp(context, port)
      await ssh.says(only)
      await waitFor('the client to be closed', one.closed)
      await ssh.stop()
    }
    await attach('alice')
    const bob = await forward(context, files, 'bob', 'core-sw1:2217')
    const one = tcp(context, bob.port)
    await bob.ssh.says(/open failed: administratively prohibited: alice types; try again/)
    await waitFor('the client to be closed', one.closed)
  },
  LIMIT,
)

test(
  'an observer reads, and a port that they write to closes',
  async context => {
    const { files, target } = await bridgeOnPty(context)
    const { port } = await forward(context, files, 'olga', 'core-sw1:23')
    const one = tcp(context, port)
    await statusWhere(files, 'olga', ({ consoles }) => consoles[0]?.sessions[0]?.technician === 'olga')
    target.says('Router#')
    await waitFor('the output', () => one.bytes().toString() === 'Router#')
    one.socket.write('reload\r')
    await waitFor('the end', one.closed)
    assert.is(target.heard(), '')
  },
  LIMIT,
)

test(
  'a port closes when somebody takes over and its input cannot be sent, and when the line closes',
  async context => {
    const { files, target, attach } = await bridgeOnPty(context)
    const { port } = await forward(context, files, 'alice', 'core-sw1:23')
    const one = tcp(context, port)
    await statusWhere(files, 'alice', ({ consoles }) => consoles[0]?.sessions[0]?.writer ?? false)
    one.socket.write('first ')
    await target.hears(/^first $/)
    const bob = await attach('bob')
    bob.types('\x1dw')
    await bob.says(/bob took over typing/)
    assert.not(one.closed())
    one.socket.write('second')
    await waitFor('the end', one.closed)
    assert.is(target.heard(), 'first ')
    const { events } = await statusWhere(files, 'the history', ({ events }) => events?.at(-1)?.event === 'word')
    assert.is(events?.at(-1)?.detail, 'raw bytes; 6 bytes sent, 6 not sent: bob types')
    bob.types('\x1d.')
    await statusWhere(files, 'nobody', ({ consoles }) => consoles[0]?.sessions.length === 0)
    const next = tcp(context, port)
    await statusWhere(files, 'alice again', ({ consoles }) => consoles[0]?.sessions.length === 1)
    await target.unplug()
    await waitFor('the end', next.closed)
  },
  LIMIT,
)

test(
  'what was sent before the end of the input is sent, and the port closes then',
  async context => {
    const { files, target } = await bridgeOnPty(context)
    const { port } = await forward(context, files, 'alice', 'core-sw1:23')
    const one = tcp(context, port)
    target.stall(true)
    const text = 'x'.repeat(200_000)
    one.socket.end(text)
    await statusWhere(files, 'some is sent', ({ consoles }) => (consoles[0]?.bytesOut ?? 0) > 0)
    target.stall(false)
    await waitFor('the end', one.closed, { timeoutMs: 60_000 })
    await waitFor('all of it', () => target.heard().length === text.length)
  },
  LIMIT,
)

test(
  'a hostile client and one that does not read cost no memory, and the bridge goes on',
  async context => {
    const { files, target, bridge } = await bridgeOnPty(context)
    const memoryKb = async () =>
      Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${bridge.pid}/status`, 'utf8'))?.[1])
    const { port } = await forward(context, files, 'alice', 'core-sw1:2217')
    const before = await memoryKb()
    const one = tcp(context, port)
    await statusWhere(files, 'alice', ({ consoles }) => consoles[0]?.sessions.length === 1)
    one.socket.pause()
    // A subnegotiation without an end, then questions whose answers nobody reads.
    one.socket.write(Buffer.concat([Buffer.from([255, 250, 44]), Buffer.alloc(20_000_000, 7), Buffer.from([255, 240])]))
    const question = Buffer.from([255, 253, 99, 255, 250, 44, 1, 0, 0, 0, 0, 255, 240])
    const send = () => one.socket.write(Buffer.alloc(1_300_000, question))
    let sent = 0
    while (sent < 20 && send()) sent++
    for (let index = 0; index < 100; index++) target.says(`${'y'.repeat(10_000)}\r\n`)
    await waitFor('the output', async () => {
      const { consoles } = await statusWhere(files, 'any', () => true)
      return (consoles[0]?.bytesIn ?? 0) >= 1_000_000
    })
    const grewKb = (await memoryKb()) - before
    assert.ok(grewKb < 100_000, `${grewKb} kB`)
    one.socket.destroy()
    assert.is((await runCommand(files, 'bob', 'core-sw1', 'list')).code, 0)
    assert.not(bridge.ended())
  },
  LIMIT,
)

test(
  'a connection with nothing but a forwarded port is not idle',
  async context => {
    const { path } = await (await import('../testbed/pty-target.ts')).ptyTarget(
      context,
      await scratchDirectory(context),
    )
    const files = await bridgeFiles(context, [{ name: 'core-sw1', path }])
    await startInside(context, files, { idleMs: 1_000 })
    const { port, ssh } = await forward(context, files, 'alice', 'core-sw1:23')
    const one = tcp(context, port)
    await statusWhere(files, 'alice', ({ consoles }) => consoles[0]?.sessions.length === 1)
    // A connection that has no session at all is the clock.
    const idle = await forward(context, files, 'bob', 'core-sw1:23')
    await waitFor('the idle one to end', idle.ssh.ended)
    assert.not(ssh.ended() || one.closed())
  },
  LIMIT,
)

test.run()
