import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { descendantsOf, signalProcess, startSshd } from '../lab/sshd.ts'
import { waitFor } from '../lab/wait-for.ts'
import { type DeviceReport, deviceReportSchema } from '../runtime/control-protocol.ts'
import { suite } from '../tools/suite.ts'
import { type Field, startField } from './testing/field.ts'

const test = suite('maintenance')
const LIMIT = { timeoutMs: 120_000 }

/** What the relay's operator does, with the files that `oobm-relay` does it with. */
function operatorOf({ directory }: Field) {
  const state = join(directory, 'words/state/dev1')
  return {
    say: (line: string) => {
      const fifo = openSync(join(state, 'control'), constants.O_WRONLY | constants.O_NONBLOCK)
      writeSync(fifo, `${line}\n`)
      closeSync(fifo)
    },
    record: async (record: object) => {
      await mkdir(join(directory, 'words/maintenance'), { recursive: true })
      await writeFile(join(directory, 'words/maintenance/dev1.json'), `${JSON.stringify(record)}\n`)
    },
    report: async (wanted: (report: DeviceReport) => boolean) =>
      waitFor('that report', async () => {
        const text = await readFile(join(state, 'report.json'), 'utf8').catch(() => '{}')
        const { data } = deviceReportSchema.safeParse(JSON.parse(text))
        return data && wanted(data) && data
      }),
    reportedAtMs: async () => (await stat(join(state, 'report.json'))).mtimeMs,
  }
}

test(
  'off closes the listeners, ends who is in, keeps the connection, and on proves again',
  async context => {
    const field = await startField(context)
    const operator = operatorOf(field)
    const device = await field.supervisor('a')
    const { connectedAt } = await device.becomes('ready')
    await operator.report(({ word }) => word === 'ready')

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

    await operator.record({ state: 'off', until: null })
    const startedMs = performance.now()
    operator.say('maintenance off')
    await waitFor('the listeners to be gone', async () => !(await answers(field.listenerPort)))
    context.onFailure(() => `closed after ${performance.now() - startedMs} ms`)
    assert.not(await answers(field.listenerPort + 1))
    await waitFor('the visitor to be sent away', () => ended)
    await device.becomes('maintenance', /switched off by the operator/)
    await operator.report(({ word }) => word === 'maintenance')
    const led = join(device.runtime, '../led')
    await waitFor('the LED to say so', async () => (await readFile(led, 'utf8')).trim() === 'maintenance')

    operator.say('maintenance on')
    await device.becomes('ready')
    const report = await operator.report(({ word }) => word === 'ready')
    assert.ok(report.proofS !== null && report.changes.some(({ word }) => word === 'maintenance'))
    assert.ok(await answers(field.listenerPort))
    assert.ok(connectedAt !== null)
    assert.is(device.program.output().match(/connected and claimed/g)?.length, 1, 'on the same connection')
  },
  LIMIT,
)

test(
  'holds when the relay is killed and comes back, and when the device starts anew',
  async context => {
    const field = await startField(context)
    const operator = operatorOf(field)
    const device = await field.supervisor('a')
    await device.becomes('ready')
    await operator.record({ state: 'off', until: null })
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
    assert.not(await answers(field.listenerPort), 'it did not listen, not even for a moment')
    await device.program.stop()
    const again = await device.restart()
    await again.becomes('maintenance')
    await operator.report(({ word }) => word === 'maintenance')
    await operator.record({ state: 'on', until: null })
    operator.say('maintenance on')
    await again.becomes('ready')
  },
  LIMIT,
)

test(
  'ends by itself at its time, by the relay’s clock',
  async context => {
    const field = await startField(context)
    const operator = operatorOf(field)
    const device = await field.supervisor('a')
    await device.becomes('ready')
    // A clock far from the device's own: only the difference counts.
    operator.say('maintenance off 5004 5000')
    await device.becomes('maintenance', /off for a time/)
    await device.becomes('ready')
    const untilS = Math.floor(Date.now() / 1000) + 6
    await operator.record({ state: 'off', until: untilS })
    for (const pid of await field.relay.descendants()) signalProcess(pid, 'SIGKILL')
    await device.becomes('maintenance', /off for a time/)
    await device.becomes('ready')
    assert.ok(Date.now() >= untilS * 1000 - 1_000)
  },
  LIMIT,
)

test(
  'blinks, ignores what it does not know, and goes to no relay that its configuration does not name',
  async context => {
    const field = await startField(context)
    const operator = operatorOf(field)
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
    await device.program.says(/that is no relay of the configuration: staying/)
    await device.proved()
    const status = await device.status()
    assert.equal([status?.word, status?.connectedAt], ['ready', connectedAt])
  },
  LIMIT,
)

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

test.run()
