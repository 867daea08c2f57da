import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { accepts } from '../testbed/accepts.ts'
import { descendantsOf, signalProcess, startSshd } from '../testbed/sshd.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { startField } from './testing/field.ts'
import { operatorOf } from './testing/operator.ts'

const test = suite('maintenance')
const LIMIT = { timeoutMs: 120_000 }

test(
  'off closes the listeners, ends who is in, keeps the connection, and on proves again',
  async context => {
    const field = await startField(context)
    const operator = await operatorOf(field)
    const device = await field.supervisor('a')
    await device.becomes('ready')
    await operator.report(({ state }) => state === 'ready')

    const visitor = connect({ host: '127.0.0.1', port: field.listenerPort })
    context.cleanup(() => visitor.destroy())
    let ended = false
    visitor.on('error', () => {})
    visitor.once('close', () => {
      ended = true
    })
    visitor.resume()
    visitor.write('SSH-2.0-visitor\r\n')
    await device.becomes('in-use')
    await operator.report(({ state }) => state === 'in-use')

    assert.match(await operator.run('status'), /^dev1 +in-use +\d+s +(\d+ms|-) /m)
    const said = await operator.run('off', 'dev1', '--reason', 'moving the \x1b[31mrack')
    assert.match(said, /^access to dev1 is off: the device (has closed its listeners|did not confirm)/)
    for (const port of [field.listenerPort, field.listenerPort + 1]) assert.not(await accepts(port))
    await waitFor('the visitor to be sent away', () => ended)
    await device.becomes('maintenance', /the operator has switched access off/)
    await operator.report(({ state }) => state === 'maintenance')
    const led = join(device.runtime, '../led')
    await waitFor('the LED to say so', async () => (await readFile(led, 'utf8')).trim() === 'maintenance')

    assert.match(await operator.run('off', 'dev1'), /has closed its listeners/, 'off twice is off')
    assert.match(await operator.run('status'), /^dev1 +maintenance /m)
    assert.match(
      await operator.run('status', 'dev1'),
      / access +off since 20\S+ \S+ UTC, switched off by carol, until it is switched on\n/,
    )

    assert.match(await operator.run('on', 'dev1'), /^access to dev1 is on: the device is proved$/m)
    await device.becomes('ready')
    const report = await operator.report(({ state }) => state === 'ready')
    assert.ok(report.proofS !== null && report.changes.some(({ state }) => state === 'maintenance'))
    assert.ok(await accepts(field.listenerPort))
    const history = await operator.run('history')
    assert.equal(
      history.split('\n').map(line => line.slice(25)),
      [
        'dev1          enrol            dev1',
        'carol         access off       dev1  moving the ?[31mrack',
        'carol         access off       dev1',
        'carol         access on        dev1',
        '',
      ],
    )
    assert.match(await operator.run('metrics'), /^oobm_device_state\{device="dev1",state="ready"\} 1$/m)
    assert.is(device.program.output().match(/connected, and claimed/g)?.length, 1, 'on the same connection')
  },
  LIMIT,
)

test(
  'holds when the relay is killed and comes back, and when the device starts anew',
  async context => {
    const field = await startField(context)
    const operator = await operatorOf(field)
    const device = await field.supervisor('a')
    await device.becomes('ready')
    await operator.run('off', 'dev1')
    const pids = [field.relay.program.pid, ...(await descendantsOf(field.relay.program.pid))]
    for (const pid of pids) signalProcess(pid, 'SIGKILL')
    await device.becomes('no-relay')
    const relay = await startSshd({
      directory: join(field.directory, 'relay-again'),
      port: field.relay.port,
      hostKey: field.relay.hostKey,
      authorizedKeys: [field.authorizedKeys],
      config: ['AllowStreamLocalForwarding no'],
    })
    context.cleanup(() => relay.stop())
    await device.becomes('maintenance')
    assert.not(await accepts(field.listenerPort), 'it did not listen, not even for a moment')
    await device.program.stop()
    const again = await device.restart()
    await again.becomes('maintenance')
    await operator.report(({ state }) => state === 'maintenance')
    await operator.run('on', 'dev1')
    await again.becomes('ready')
  },
  LIMIT,
)

test(
  'ends by itself at its time, by the relay’s clock',
  async context => {
    const field = await startField(context)
    const operator = await operatorOf(field)
    const device = await field.supervisor('a')
    await device.becomes('ready')
    // A clock far from the device's own: only the difference counts.
    operator.say('maintenance off 5004 5000')
    await device.becomes('maintenance', /off for a time/)
    await device.becomes('ready')
    const startedMs = Date.now()
    await operator.run('off', 'dev1', '--for', '9s')
    for (const pid of await field.relay.descendants()) signalProcess(pid, 'SIGKILL')
    await device.becomes('maintenance', /off for a time/)
    await device.becomes('ready')
    assert.ok(Date.now() - startedMs >= 8_000)
  },
  LIMIT,
)

test(
  'blinks, ignores what it does not know, and goes to no relay that its configuration does not name',
  async context => {
    const field = await startField(context)
    const operator = await operatorOf(field)
    const device = await field.supervisor('a')
    const { connectedAt } = await device.becomes('ready')
    for (const line of [
      '',
      'settings 12',
      'maintenance',
      'blink',
      `relay 127.0.0.1 ${field.shell.port} root`,
      '\x1b[2J',
    ]) {
      operator.say(line)
    }
    operator.say('x'.repeat(4_000))
    operator.say('blink 600')
    const led = join(device.runtime, '../led')
    await waitFor('the LED to say where it is', async () => (await readFile(led, 'utf8')).trim() === 'here')
    await device.program.says(/this relay is not in the configuration: staying with the present one/)
    await device.proved()
    const status = await device.status()
    assert.equal([status?.state, status?.connectedAt], ['ready', connectedAt])
  },
  LIMIT,
)

test(
  'on sends the device to another of its relays, at once',
  async context => {
    const field = await startField(context)
    const { relay } = field
    const other = await startSshd({
      directory: join(field.directory, 'other'),
      authorizedKeys: [field.authorizedKeys],
      config: ['AllowStreamLocalForwarding no'],
    })
    context.cleanup(() => other.stop())
    const operator = await operatorOf(field, other)
    const relays = [relay, other].map(({ port, user, hostKey }) => {
      return { host: '127.0.0.1', port, user, hostKeys: [hostKey.publicKey] }
    })
    const device = await field.supervisor('a', { config: { relays } })
    const portOf = async () => (await device.status())?.relay?.port
    await device.becomes('ready')
    assert.is(await portOf(), relay.port)
    const said = await operator.run('on', 'dev1', '--relay', '127.0.0.1', '--port', String(other.port))
    assert.match(
      said,
      new RegExp(`^access to dev1 is on: the device was told to go to 127\\.0\\.0\\.1:${other.port}$`, 'm'),
    )
    await waitFor('the other relay', async () => (await portOf()) === other.port)
    await device.becomes('ready')
    await waitFor('nothing to be left at the first', async () => (await relay.descendants()).length === 0)
  },
  LIMIT,
)

test(
  'off ends the connection of a device that hangs, and it is told when it is back',
  async context => {
    const field = await startField(context)
    const operator = await operatorOf(field)
    const device = await field.supervisor('a')
    await device.becomes('ready')
    device.program.child.kill('SIGSTOP')
    context.cleanup(() => device.program.child.kill('SIGCONT'))
    assert.match(
      await operator.run('off', 'dev1'),
      /^access to dev1 is off: the device did not confirm, so the relay ended its connection$/m,
    )
    for (const port of [field.listenerPort, field.listenerPort + 1]) assert.not(await accepts(port))
    assert.match(await operator.run('status'), /^dev1 +away,off /m)
    device.program.child.kill('SIGCONT')
    await device.becomes('maintenance')
    assert.not(await accepts(field.listenerPort))
  },
  LIMIT,
)

test.run()
