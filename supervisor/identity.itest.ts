import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { accepts } from '../testbed/accepts.ts'
import { freePortPair } from '../testbed/free-port.ts'
import { makeKey } from '../testbed/make-key.ts'
import { startProgram } from '../testbed/run-program.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { type Field, startField } from './testing/field.ts'

const test = suite('identity')
const LIMIT = { timeoutMs: 120_000 }

test(
  'evicts its stale session while somebody keeps trying the port, and the old one does not steal back',
  async context => {
    const field = await startField(context)
    const other = await startOtherDevice(context, field)
    const old = await field.supervisor('a')
    await old.becomes('ready')
    old.program.child.kill('SIGSTOP')
    context.cleanup(() => old.program.child.kill('SIGCONT'))
    keepTrying(context, field.listenerPort)

    const young = await field.supervisor('b')
    const { connectedAt } = await young.becomes('ready')
    assert.match(young.program.output(), /evicted stale sessions/)

    old.program.child.kill('SIGCONT')
    await old.becomes('duplicate', /another device with the same identity connected later/)
    const status = await young.becomes('duplicate', /this device stays connected/)
    assert.is(status.connectedAt, connectedAt, 'the young one kept its tunnel')
    assert.ok(status.proof.provedAt !== null && status.proof.attempt?.ok, 'and is still proved')

    await old.program.stop()
    await young.becomes('ready')
    assert.not(other.ended(), 'the other device on the same account was not touched')
    assert.not.match(other.output(), /closed|reset|Broken/i)
  },
  LIMIT,
)

test(
  'takes the listener back from its own dead session after the connection was cut in the middle',
  async context => {
    const field = await startField(context)
    const device = await field.supervisor('a')
    const first = await device.becomes('ready')
    // Its session on the relay may linger.
    await device.crash()
    const again = await field.supervisor('a')
    const second = await again.becomes('ready', /./, 60_000)
    assert.is.not(second.pid, first.pid)
  },
  LIMIT,
)

/** Another device on the same account of the relay: stock OpenSSH with a listener of its own. */
async function startOtherDevice(context: TestContext, field: Field) {
  const key = await makeKey(field.directory, 'other_key')
  const port = await freePortPair()
  await appendFile(field.authorizedKeys, field.keyLine('dev2', port, key.publicKey))
  const { relay } = field
  const ssh = startProgram('ssh', [
    ...['-F', 'none', '-N', '-T', '-i', key.path, '-p', String(relay.port), '-o', 'ExitOnForwardFailure=yes'],
    ...['-o', 'StrictHostKeyChecking=no', '-o', `UserKnownHostsFile=${join(field.directory, 'other_known_hosts')}`],
    ...['-R', `127.0.0.1:${port}:127.0.0.1:${field.shell.port}`, `${relay.user}@127.0.0.1`],
  ])
  context.cleanup(() => ssh.stop())
  await waitFor('the other device’s listener', () => accepts(port))
  return ssh
}

/** Somebody who tries the port all the time: what keeps sshd from ever ending a stale session by itself. */
function keepTrying(context: TestContext, port: number): void {
  const timer = setInterval(() => void accepts(port), 50)
  context.cleanup(() => clearInterval(timer))
}

test.run()
