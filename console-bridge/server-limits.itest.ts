import { access, readFile, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { silentLog } from '../runtime/log.ts'
import { makeKey } from '../testbed/make-key.ts'
import { runProgram, startProgram } from '../testbed/run-program.ts'
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

const SSH_MSG_IGNORE = 2
const SSH_MSG_KEXINIT = 20

interface Raw {
  socket: Socket
  /** Whether the other side closed it. */
  closed(): boolean
  /** What came, a character for each byte. */
  said(): string
}

/** A raw TCP connection. */
function raw(context: TestContext, port: number, greeting = ''): Raw {
  const socket = connect(port, '127.0.0.1')
  let closed = false
  let said = ''
  socket.on('error', () => {})
  socket.on('close', () => {
    closed = true
  })
  socket.setEncoding('latin1').on('data', text => {
    said += text
  })
  if (greeting !== '') socket.write(greeting)
  context.cleanup(() => socket.destroy())
  return { socket, closed: () => closed, said: () => said }
}

/** Clients that greet and then say nothing, each answered with the server's offer. */
async function waitingClients(context: TestContext, port: number, count: number): Promise<Raw[]> {
  const clients = Array.from({ length: count }, () => raw(context, port, 'SSH-2.0-x\r\n'))
  await waitFor('all to be answered', () => clients.every(({ said }) => hasKexInit(said())))
  return clients
}

/** After the greeting, a packet's length and the length of its padding (RFC 4253, section 6). */
function hasKexInit(said: string): boolean {
  return said.charCodeAt(said.indexOf('\r\n') + 2 + 5) === SSH_MSG_KEXINIT
}

async function residentKb(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1])
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
  'listens on 127.0.0.1 and nowhere else',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    await startInside(context, files, {})
    const here = raw(context, files.port)
    await waitFor('its greeting', () => here.said().startsWith('SSH-2.0-'))
    // 127.0.0.2 is this machine's, too, as any address of it is to a listener on 0.0.0.0 or ::.
    const elsewhere = connect(files.port, '127.0.0.2')
    context.cleanup(() => elsewhere.destroy())
    const code = await new Promise(resolve => {
      elsewhere.once('connect', () => resolve('connected'))
      elsewhere.once('error', err => resolve((err as NodeJS.ErrnoException).code))
    })
    assert.is(code, 'ECONNREFUSED')
  },
  LIMIT,
)

test(
  'counts the keys that a connection tries, and says so',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    await startInside(context, files, { loginTries: 4 })
    const others = ['mallory', 'other1', 'other2', 'other3']
    for (const name of others.slice(1)) await makeKey(files.directory, name)
    const withKeys = (count: number) => {
      const keys = others.slice(0, count).flatMap(name => ['-i', join(files.directory, name)])
      return runProgram('ssh', [...keys, ...sshArgs(files, 'alice', 'core-sw1', 'list')])
    }
    // The client's first try is "none", and the key that lets in is asked about, and then signs.
    assert.is((await withKeys(1)).code, 0)
    const tooMany = await withKeys(4)
    assert.is(tooMany.code, 255)
    assert.match(tooMany.stderr, /:14: too many keys tried: 4\. Name the one to use/)
  },
  LIMIT,
)

test(
  'silent connections keep nobody out, and are greeted',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    await startInside(context, files, { loginMs: 60_000 })
    const silent = Array.from({ length: 88 }, () => raw(context, files.port))
    await waitFor('all to be greeted', () => silent.every(({ said }) => said().startsWith('SSH-2.0-oobm-console\r\n')))
    await waitFor('the first ones to be closed', () => silent.filter(({ closed }) => closed()).length === 24)
    assert.ok(silent.slice(0, 24).every(({ closed }) => closed()))
    assert.is((await runWord(files, 'alice', 'core-sw1', 'list')).code, 0)
  },
  LIMIT,
)

test(
  'when 32 wait, the next hears why it is refused, if none of them has waited for long enough meanwhile',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    await startInside(context, files, { loginMs: 60_000, sparedMs: 10_000, queuedMs: 1_000 })
    const waiting = await waitingClients(context, files.port, 32)
    const refused = await runWord(files, 'alice', 'core-sw1', 'list')
    assert.is(refused.code, 255)
    assert.match(refused.stderr, /:12: too many connections: try again in a moment/)
    const proof = raw(context, files.port, 'SSH-2.0-oobm_selftest_0a1b2c3d\r\n')
    await waitFor('the self-test to be answered', () => hasKexInit(proof.said()))
    assert.equal(
      waiting.filter(({ closed }) => closed()),
      [],
    )
    await waitFor('a login', async () => (await runWord(files, 'alice', 'core-sw1', 'list')).code === 0)
    const dropped = waiting.filter(({ closed }) => closed())
    assert.is(dropped.length, 1)
    assert.not(proof.closed())
  },
  LIMIT,
)

test(
  'when 32 have just come, the next one waits for a place, and gets it',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    await startInside(context, files, { loginMs: 60_000 })
    await waitingClients(context, files.port, 32)
    const { code, stderr } = await runWord(files, 'alice', 'core-sw1', 'list')
    assert.is(code, 0, stderr)
  },
  LIMIT,
)

test(
  'a client that asks for a passphrase keeps its place, and has time for it',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    await startInside(context, files, { loginMs: 5_000, sparedMs: 0, waiting: 2 })
    const go = join(files.directory, 'go')
    const askpass = join(files.directory, 'askpass')
    const asked = join(files.directory, 'asked')
    await writeFile(
      askpass,
      `#!/bin/sh\n: > ${asked}\nfor i in $(seq 600); do [ -e ${go} ] && break; sleep 0.1; done\necho secret\n`,
      {
        mode: 0o700,
      },
    )
    await runProgram('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret', '-f', join(files.directory, 'alice')])
    await writeFile(join(files.directory, 'alice.pub'), files.keys.alice.publicKey)
    const client = startProgram('ssh', ['-o', 'BatchMode=no', ...sshArgs(files, 'alice', 'core-sw1', 'list')], {
      env: { ...process.env, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' },
    })
    context.cleanup(() => client.stop())
    context.onFailure(client.output)
    await waitFor('the question', () =>
      access(asked).then(
        () => true,
        () => false,
      ),
    )
    for (let round = 0; round < 10; round++) await waitingClients(context, files.port, 2)
    const [later] = await waitingClients(context, files.port, 1)
    await waitFor('the end of one that came later', () => later?.closed())
    assert.not(client.ended())
    await writeFile(go, '')
    await client.says(/^core-sw1 /m)
  },
  LIMIT,
)

test(
  'a key has a few connections, and a new one takes the place of one without a session',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    await startInside(context, files, { connectionsPerKey: 2, sparedMs: 0 })
    const open = async (...args: string[]) => {
      const client = startProgram('ssh', ['-v', ...args, ...sshArgs(files, 'alice', 'core-sw1')])
      context.cleanup(() => client.stop())
      await client.says(/Authenticated to/)
      return client
    }
    const idle = await open('-o', 'LogLevel=VERBOSE', '-N')
    await open('-o', 'LogLevel=VERBOSE')
    await statusWhere(files, 'one session', ({ consoles }) => consoles[0]?.sessions.length === 1)
    await open('-o', 'LogLevel=VERBOSE')
    await statusWhere(files, 'two sessions', ({ consoles }) => consoles[0]?.sessions.length === 2)
    await waitFor('the idle one to be sent away', () => idle.ended())
    const third = await runWord(files, 'alice', 'core-sw1', 'list')
    assert.is(third.code, 69)
    assert.is(third.stdout, '')
    assert.match(third.stderr, /^too many connections of alice's key: close one/)
    assert.is((await runWord(files, 'bob', 'core-sw1', 'list')).code, 0)
  },
  LIMIT,
)

test(
  'closes a connection that logged in and has no session',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    await startInside(context, files, { loginMs: 120_000, idleMs: 500 })
    const idle = startProgram('ssh', ['-N', ...sshArgs(files, 'alice', 'core-sw1')])
    const busy = startProgram('ssh', sshArgs(files, 'bob', 'core-sw1'))
    for (const client of [idle, busy]) context.cleanup(() => client.stop())
    await statusWhere(files, 'bob is there', ({ consoles }) => consoles[0]?.sessions.length === 1)
    await waitFor('the end of the idle one', () => idle.ended())
    await delay(1_000)
    assert.not(busy.ended())
  },
  LIMIT,
)

test(
  'works on no more than a few bytes and on one key exchange before the login',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    await startInside(context, files, { loginMs: 60_000 })
    const ignored = Buffer.alloc(32_768 + 16)
    ignored.writeUInt32BE(32_768 + 12, 0)
    ignored[4] = 4
    ignored[5] = SSH_MSG_IGNORE
    ignored.writeUInt32BE(32_768, 6)
    const [little] = await waitingClients(context, files.port, 1)
    little?.socket.write(ignored)
    const one = raw(context, files.port, 'SSH-2.0-x\r\n')
    for (let count = 0; count < 5; count++) one.socket.write(ignored)
    await waitFor('the end', one.closed)
    assert.not(little?.closed())
  },
  LIMIT,
)

test(
  'those who wait cost little memory',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    const bridge = await startBridge(context, files)
    await waitingClients(context, files.port, 1)
    const beforeKb = await residentKb(bridge.pid)
    await waitingClients(context, files.port, 31)
    for (const silent of Array.from({ length: 16 }, () => raw(context, files.port))) {
      await waitFor('its greeting', () => silent.said() !== '')
    }
    const growthKb = (await residentKb(bridge.pid)) - beforeKb
    assert.ok(growthKb < 8_192, `48 connections cost ${growthKb} kB`)
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
