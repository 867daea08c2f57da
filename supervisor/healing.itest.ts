import { readdir, readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { descendantsOf, signalProcess, startSshd } from '../testbed/sshd.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { ask, type Supervisor, startField } from './testing/field.ts'

const test = suite('healing')
const LIMIT = { timeoutMs: 240_000 }

test(
  'leaves ready when somebody else takes the listener, and heals when it is free again',
  async context => {
    const field = await startField(context)
    const device = await field.supervisor('a')
    await device.becomes('ready')
    const thief = createServer(socket => socket.destroy())
    context.cleanup(() => new Promise(resolve => thief.close(resolve)))
    await waitFor('the listener to be stolen', async () => {
      for (const pid of await field.relay.descendants()) signalProcess(pid, 'SIGKILL')
      return listening(thief, field.listenerPort)
    })
    await device.becomes('refused', /another program on the relay holds it/)
    await ledShows(device, 'refused')
    await new Promise(resolve => thief.close(resolve))
    await device.becomes('ready')
  },
  LIMIT,
)

test(
  'says so when its shell port leads to somebody else’s sshd, keeps the tunnel, and heals',
  async context => {
    const field = await startField(context)
    const device = await field.supervisor('a')
    const { connectedAt } = await device.becomes('ready')
    await field.shell.stop()
    const { directory } = field
    const stranger = await startSshd({
      directory: join(directory, 'stranger'),
      port: field.shell.port,
      authorizedKeys: [join(directory, 'a/run/selftest.keys')],
    })
    context.cleanup(() => stranger.stop())
    await device.becomes('unproved', /another SSH server answers: its host key is SHA256:/)
    await ledShows(device, 'unproved')
    await stranger.stop()
    await device.becomes('unproved', /this device's sshd does not answer on 127\.0\.0\.1/)
    const again = await restartShell(field.shell, directory)
    context.cleanup(() => again.stop())
    const healed = await device.becomes('ready')
    assert.is(healed.connectedAt, connectedAt, 'the tunnel, and who was in, was not cut for a fault at this end')
    assert.equal(await readdir(join(device.runtime, 'selftest')), [], 'no marker is left')
  },
  LIMIT,
)

test(
  'says that the relay is silent when all its processes are stopped, and heals when they go on',
  async context => {
    const field = await startField(context)
    const device = await field.supervisor('a')
    await device.becomes('ready')
    const pids = [field.relay.program.pid, ...(await field.relay.descendants())]
    context.cleanup(() => {
      for (const pid of pids) signalProcess(pid, 'SIGCONT')
    })
    for (const pid of pids) signalProcess(pid, 'SIGSTOP')
    await device.becomes('no-relay', /says nothing/, 100_000)
    await ledShows(device, 'no-relay')
    for (const pid of pids) signalProcess(pid, 'SIGCONT')
    await device.becomes('ready')
    assert.equal(await readdir(join(device.runtime, 'selftest')), [], 'no marker is left')
  },
  LIMIT,
)

test(
  'twenty-five self-tests leave no descriptor and no process behind, here and on the relay',
  async context => {
    const field = await startField(context)
    const slow = { keepaliveS: 30, probeS: 3600, selftestS: 3600 }
    const device = await field.supervisor('a', { config: { intervals: slow } })
    await device.becomes('ready')
    const count = async () => ({
      descriptors: (await readdir(`/proc/${device.program.pid}/fd`)).length,
      relay: (await field.relay.descendants()).length,
      shell: (await field.shell.descendants()).length,
      bridge: (await field.bridge.descendants()).length,
      children: (await descendantsOf(device.program.pid)).length,
    })
    // Processes of a connection that was closed go one after the other: two counts a second apart are to be the same.
    const settled = async () => {
      let last = ''
      return waitFor(
        'every connection of the self-tests to be gone',
        async () => {
          const now = await count()
          const isSame = JSON.stringify(now) === last
          last = JSON.stringify(now)
          return isSame && now.shell === 0 && now.bridge === 0 && now
        },
        { paceMs: 1_000, timeoutMs: 60_000 },
      )
    }
    await askForTests(device, 3)
    const before = await settled()
    context.onFailure(async () => `before ${JSON.stringify(before)}, now ${JSON.stringify(await count())}`)
    await askForTests(device, 25)
    const after = await waitFor('the counts of before', async () => {
      const now = await settled()
      return JSON.stringify(now) === JSON.stringify(before) && now
    })
    assert.equal(after, before)
    assert.equal(await readdir(join(device.runtime, 'selftest')), [])
  },
  { timeoutMs: 240_000 },
)

async function askForTests(device: Supervisor, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const before = (await device.status())?.proof.attempt?.at
    await ask(device, 'test')
    const attempt = await waitFor('the self-test', async () => {
      const now = (await device.status())?.proof.attempt
      return now && now.at !== before && now
    })
    assert.ok(attempt.ok, JSON.stringify(attempt))
  }
}

async function ledShows(device: Supervisor, state: string): Promise<void> {
  const led = join(device.runtime, '../led')
  await waitFor(`the LED to show ${state}`, async () => (await readFile(led, 'utf8')).trim() === state)
}

function restartShell(shell: { port: number; hostKey: Parameters<typeof startSshd>[0]['hostKey'] }, directory: string) {
  return startSshd({
    directory: join(directory, 'shell-again'),
    port: shell.port,
    ...(shell.hostKey ? { hostKey: shell.hostKey } : {}),
    authorizedKeys: [join(directory, 'a/run/selftest.keys')],
  })
}

function listening(server: Server, port: number): Promise<boolean> {
  return new Promise(resolve => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
}

test.run()
