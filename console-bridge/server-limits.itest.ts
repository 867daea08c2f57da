import { connect } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { makeKey } from '../testbed/make-key.ts'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { bridgeFiles, runCommand, sshArgs, startBridge, statusWhere } from './testing/bridge-fixture.ts'
import { NOT_THERE, raw, startInside, waitingClients } from './testing/raw-client.ts'

const test = suite('what a server bears')
const LIMIT = { timeoutMs: 120_000 }
const SSH_MSG_IGNORE = 2

test(
  'garbage does not end the bridge',
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
    assert.is((await runCommand(files, 'alice', 'core-sw1', 'list')).code, 0)
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
  'listens only on 127.0.0.1',
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
  'bounds the keys that a connection may try, and says so',
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
    assert.match(tooMany.stderr, /:14: too many keys tried \(4\); choose one: ssh/)
  },
  LIMIT,
)

test(
  'accepts only a few bytes and one key exchange before the login',
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
  'a technician whose client died leaves the seat to others',
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
