/** What a relay says of its own sshd to a device that asks: does it still take connections? */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import * as assert from 'uvu/assert'
import type { Program } from '../../../testbed/run-program.ts'
import { signalProcess } from '../../../testbed/sshd.ts'
import { suite, type TestContext } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { ask, connection, OLD, relayFor, SLOW, testInEachShell } from '../../testing/device-commands.ts'
import type { FleetRelay } from '../../testing/fleet-relay.ts'

const test = suite('oobm-device-command: listening')

/** Asks, and gives the answer. */
async function listening(channel: Program): Promise<string> {
  const before = channel.output().length
  ask(channel, 'listening')
  const answer = () => /^listening (\w+)\n/m.exec(channel.output().slice(before))?.[1]
  return waitFor('the answer', answer)
}

/** A claimed channel; its sessions are ended at the end, also when the sshd that started them is gone by then. */
async function claimed(context: TestContext, relay: FleetRelay): Promise<Program> {
  const { claim } = await connection(context, relay, 'tokyo')
  const channel = await claim(OLD)
  const sessions = await relay.sshd.descendants()
  context.cleanup(() => {
    for (const pid of sessions) signalProcess(pid, 'SIGKILL')
  })
  return channel
}

/** A TCP connection that says nothing: the kernel makes it, whether or not sshd runs. */
async function knock(context: TestContext, port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  context.cleanup(() => void socket.destroy())
  await once(socket, 'connect')
}

testInEachShell(
  test,
  'says yes while sshd runs, and no when it is stopped while a client waits',
  async (context, relay) => {
    const channel = await claimed(context, relay)
    assert.is(await listening(channel), 'yes')

    const { pid } = relay.sshd.program
    signalProcess(pid, 'SIGSTOP')
    context.cleanup(() => void signalProcess(pid, 'SIGCONT'))
    await knock(context, relay.sshd.port)
    assert.is(await listening(channel), 'no')
    await knock(context, relay.sshd.port)
    assert.is(await listening(channel), 'no', 'two wait')
    signalProcess(pid, 'SIGCONT')
    assert.is(await listening(channel), 'yes', 'it has taken them in')
  },
)

test(
  'says no when sshd’s listener is gone and its sessions live, also when another program listens there on another address',
  async context => {
    const relay = await relayFor(context)
    const channel = await claimed(context, relay)
    const { pid, ended } = relay.sshd.program
    signalProcess(pid, 'SIGKILL')
    await waitFor('the listener to end', ended)
    assert.is(await listening(channel), 'no')

    const other = createServer().listen(relay.sshd.port, '127.0.0.2')
    context.cleanup(() => void other.close())
    await once(other, 'listening')
    assert.is(await listening(channel), 'no', 'another address is not where this connection came in')
    const all = createServer().listen(relay.sshd.port, '127.0.0.1')
    context.cleanup(() => void all.close())
    await once(all, 'listening')
    assert.is(await listening(channel), 'yes')
    assert.not(channel.ended())
  },
  SLOW,
)

test(
  'says yes to a device that asks while sshd restarts',
  async context => {
    const relay = await relayFor(context)
    const channel = await claimed(context, relay)
    const { pid, ended } = relay.sshd.program
    signalProcess(pid, 'SIGKILL')
    await waitFor('the listener to end', ended)
    const asked = listening(channel)
    const again = createServer().listen(relay.sshd.port, '127.0.0.1')
    context.cleanup(() => void again.close())
    assert.is(await asked, 'yes')
  },
  SLOW,
)

test.run()
