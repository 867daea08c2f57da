/** Who keeps a place when many connect (docs/decisions/0025). */
import { access, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { bridgeFiles, runCommand, sshArgs, startBridge, statusWhere } from './testing/bridge-fixture.ts'
import { hasKexInit, NOT_THERE, raw, startInside, waitingClients } from './testing/raw-client.ts'

const test = suite('places')
const LIMIT = { timeoutMs: 120_000 }

async function residentKb(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1])
}

test(
  'silent connections keep nobody out, and get the server’s identification',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    await startInside(context, files, { loginMs: 60_000 })
    const silent = Array.from({ length: 88 }, () => raw(context, files.port))
    await waitFor('all to be greeted', () => silent.every(({ said }) => said().startsWith('SSH-2.0-oobm-console\r\n')))
    await waitFor('the first ones to be closed', () => silent.filter(({ closed }) => closed()).length === 24)
    assert.ok(silent.slice(0, 24).every(({ closed }) => closed()))
    assert.is((await runCommand(files, 'alice', 'core-sw1', 'list')).code, 0)
  },
  LIMIT,
)

test(
  'when 32 young connections wait, the next one is refused with a reason',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    await startInside(context, files, { loginMs: 60_000, sparedMs: 10_000, queuedMs: 1_000 })
    const waiting = await waitingClients(context, files.port, 32)
    const refused = await runCommand(files, 'alice', 'core-sw1', 'list')
    assert.is(refused.code, 255)
    assert.match(refused.stderr, /:12: too many connections: try again in a moment/)
    const proof = raw(context, files.port, 'SSH-2.0-oobm_selftest_0a1b2c3d\r\n')
    await waitFor('the self-test to be answered', () => hasKexInit(proof.said()))
    assert.equal(
      waiting.filter(({ closed }) => closed()),
      [],
    )
    await waitFor('a login', async () => (await runCommand(files, 'alice', 'core-sw1', 'list')).code === 0)
    const dropped = waiting.filter(({ closed }) => closed())
    assert.is(dropped.length, 1)
    assert.not(proof.closed())
  },
  LIMIT,
)

test(
  'when 32 have just arrived, the next one waits for a place, and gets it',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    await startInside(context, files, { loginMs: 60_000 })
    await waitingClients(context, files.port, 32)
    const { code, stderr } = await runCommand(files, 'alice', 'core-sw1', 'list')
    assert.is(code, 0, stderr)
  },
  LIMIT,
)

test(
  '16 logins at once all get in, also behind 32 connections that do not log in',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    await startInside(context, files, { loginMs: 60_000 })
    const attackers = await waitingClients(context, files.port, 32)
    // One key may have eight.
    const people = Array.from({ length: 16 }, (_, index) => (index % 2 === 0 ? 'alice' : 'bob'))
    const logins = await Promise.all(people.map(who => runCommand(files, who, 'core-sw1', 'list')))
    assert.equal(
      logins.filter(({ code }) => code !== 0),
      [],
    )
    await waitFor('one that did not log in to go', () => attackers.some(({ closed }) => closed()))
  },
  LIMIT,
)

test(
  'a client that asks for a passphrase keeps its place for as long as it needs',
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
  'a key may have a few connections; a new one replaces one without a session',
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
    const third = await runCommand(files, 'alice', 'core-sw1', 'list')
    assert.is(third.code, 69)
    assert.is(third.stdout, '')
    assert.match(third.stderr, /^too many connections of alice's key: close one/)
    assert.is((await runCommand(files, 'bob', 'core-sw1', 'list')).code, 0)
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
  'connections that wait cost little memory',
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

test.run()
