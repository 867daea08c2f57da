import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { freePort } from '../testbed/free-port.ts'
import { makeKey } from '../testbed/make-key.ts'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { DARK } from './led/file.ts'
import { loadConfiguration, swapConfiguration } from './load-configuration.ts'
import { ask, startField } from './testing/field.ts'

const test = suite('lifecycle')
const LIMIT = { timeoutMs: 90_000 }

test(
  'SIGTERM ends it cleanly: the listeners are free, the LED is dark, no status is left to be believed',
  async context => {
    const field = await startField(context)
    const device = await field.supervisor('a')
    await device.becomes('ready')
    assert.equal(await device.program.stop(), { code: 0, signal: null })
    assert.equal(
      (await readdir(device.runtime)).sort(),
      ['request', 'selftest'],
      'what is left in the runtime directory holds nothing',
    )
    await waitFor('the relay to have ended its sessions', async () => (await field.relay.descendants()).length === 0)
    assert.is(await readFile(join(device.runtime, '../led'), 'utf8'), `${DARK}\n`)
  },
  LIMIT,
)

test(
  'ends within its time while the relay is silent too',
  async context => {
    const field = await startField(context)
    const device = await field.supervisor('a')
    await device.becomes('ready')
    const pids = [field.relay.program.pid, ...(await field.relay.descendants())]
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    context.cleanup(() => {
      for (const pid of pids) process.kill(pid, 'SIGCONT')
    })
    assert.equal(await device.program.stop(20_000), { code: 0, signal: null })
  },
  LIMIT,
)

test(
  'tells systemd that it is ready, how it is, and that its loop turns',
  async context => {
    const field = await startField(context)
    const socket = join(field.directory, 'notify')
    const systemd = startProgram('socat', ['-u', `UNIX-RECV:${socket}`, 'STDOUT'])
    context.cleanup(() => systemd.stop())
    await waitFor('the socket', async () => (await readdir(field.directory)).includes('notify'))
    const device = await field.supervisor('a', { env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '2000000' } })
    await device.becomes('ready')
    await systemd.says(/READY=1/)
    await systemd.says(/STATUS=ready: proved/)
    await systemd.says(/WATCHDOG=1.*WATCHDOG=1/s)
  },
  LIMIT,
)

test(
  'without a configuration it stays up to say so, and leaves for a new start when one comes',
  async context => {
    const field = await startField(context)
    const device = await field.supervisor('a')
    await device.becomes('ready')
    await device.program.stop()
    const text = await readFile(device.configFile, 'utf8')
    await rm(device.configFile)
    await rm(join(device.state, 'last-good.toml'))
    const again = await device.restart()
    await again.becomes('unconfigured', /device\.toml is missing: this device was not provisioned/)
    await writeFile(device.configFile, text)
    await waitFor('it to leave', () => again.program.ended())
    await (await device.restart()).becomes('ready')
  },
  LIMIT,
)

test(
  'goes back to the last configuration that was proved when it is told to, and forward again',
  async context => {
    const field = await startField(context)
    const device = await field.supervisor('a')
    await device.becomes('ready')
    await device.program.stop()
    const good = await readFile(device.configFile, 'utf8')
    const bad = good.replace(/^backoff_min_s = .*$/m, '').replace(/^port = \d+$/m, `port = ${await freePort()}`)
    assert.is.not(bad, good)
    await writeFile(device.configFile, bad)
    const places = {
      ...{ file: device.configFile, credentials: join(device.runtime, '../secrets'), state: device.state },
      provisioningFault: join(device.runtime, 'no-fault'),
    }
    await (await device.restart()).becomes('no-relay')
    assert.equal(await swapConfiguration(places), {
      isOther: true,
      outcome: 'goes back to the last configuration that was proved',
    })
    const status = await (await device.restart()).becomes('ready')
    assert.is(status.onLastGood, true)
    assert.is(await readFile(device.configFile, 'utf8'), bad, 'the present one stays where it is')
    // Who may get in says nothing about the way: the device stays as it is.
    await writeFile(
      device.configFile,
      `${bad}\n[[technicians]]\nname = "zoe"\nkeys = ["${(await makeKey(field.directory, 'zoe')).publicKey}"]\n`,
    )
    assert.is((await loadConfiguration(places)).isPassedOver, true)
    assert.equal(await swapConfiguration(places), {
      isOther: true,
      outcome: 'goes forward to the present configuration',
    })
    assert.is((await loadConfiguration(places)).isPassedOver, false)
    await writeFile(device.configFile, good)
    assert.match((await swapConfiguration(places)).outcome, /is the last that was proved, so nothing changes$/)
    await swapTo(bad)
    // Other settings are used at once.
    await writeFile(device.configFile, good)
    assert.is((await loadConfiguration(places)).isPassedOver, false)
    await writeFile(device.configFile, 'version = 1\n')
    assert.match((await swapConfiguration(places)).outcome, /^the present configuration cannot be used/)
    await rm(join(device.state, 'last-good.toml'))
    await writeFile(device.configFile, good)
    assert.match((await swapConfiguration(places)).outcome, /^no configuration was ever proved/)

    async function swapTo(present: string) {
      await writeFile(device.configFile, present)
      assert.is((await swapConfiguration(places)).isOther, true)
    }
  },
  LIMIT,
)

test(
  'counts people, not its own probes, as sessions',
  async context => {
    const field = await startField(context)
    const device = await field.supervisor('a')
    await device.becomes('ready')
    const person = startProgram('socat', ['-', `TCP:127.0.0.1:${field.listenerPort}`])
    context.cleanup(() => person.stop())
    await person.says(/SSH-2.0-OpenSSH/)
    assert.is((await device.status())?.state, 'ready', 'a connection that says nothing is nobody')
    person.child.stdin?.write('SSH-2.0-PuTTY_Release_0.78\r\n')
    const status = await device.becomes('in-use')
    assert.equal(status.sessions, { shell: 1, console: 0 })
    const proof = device.proved()
    await ask(device, 'test')
    await proof
    assert.equal((await device.status())?.sessions, { shell: 1, console: 0 })
    await person.stop()
    await device.becomes('ready')
  },
  LIMIT,
)

test(
  'does what it is asked once, and takes neither a pipe nor a link for a request',
  async context => {
    const field = await startField(context)
    const device = await field.supervisor('a')
    await device.becomes('ready')
    const requests = join(device.runtime, 'request')
    await symlink('/etc/hostname', join(requests, 'test'))
    await runProgram('mkfifo', [join(requests, 'led')])
    await waitFor('both to be put aside', async () => (await readdir(requests)).length === 0)
    await ask(device, 'led', 'stale')
    await waitFor('the request to be taken', async () => (await readdir(requests)).length === 0)
    await device.program.says(/"request":"led","text":"stale"/)
    assert.is(device.program.output().split('"request":"led","text":"stale"').length, 2)
  },
  LIMIT,
)

test.run()
