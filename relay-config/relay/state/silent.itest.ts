/** Whether a relay sees that a connected device says nothing any more: with a real sshd, a real client and the real ss. */
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { programArgs } from '../../../testbed/programs.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { ask, connection, OLD, relayFor, SLOW } from '../../testing/device-commands.ts'
import { askSs } from './ask-ss.ts'
import { type DeviceView, readDeviceView } from './device-view.ts'
import { statePathsOf } from './state-paths.ts'

const test = suite('a silent device')
const NEVER = new AbortController().signal
const REPORT = {
  ...{ v: 1, state: 'ready', cause: '', sinceS: 9, proofS: 3, tookMs: 1, probeMs: 2 },
  ...{ sessions: { shell: 0, console: 0 }, software: '1', uplink: null, consoles: null, changes: [] },
}

test(
  'is silent after three pings, also while somebody retries its port, and not when it speaks again',
  async context => {
    const relay = await relayFor(context)
    const port = relay.fleet.devices.find(({ name }) => name === 'tokyo')?.port ?? 0
    const { claim, master, run } = await connection(context, relay, 'tokyo')
    const channel = await claim(OLD)
    ask(channel, `report ${JSON.stringify({ ...REPORT, pingS: 1 })}`)
    const paths = statePathsOf({ state: dirname(relay.stateDirectory) })
    const look = async (): Promise<DeviceView> => {
      const received = await askSs(NEVER)
      return readDeviceView({ paths, received, nowMs: Date.now() }, { name: 'tokyo' })
    }
    await waitFor('the report', async () => (await look()).state === 'ready')
    const { heard } = await look()
    assert.ok(heard && 'silentMs' in heard && heard.silentMs < 3_000, JSON.stringify(heard))

    // A listener of its own, so that somebody who knocks there makes the relay speak to it.
    const socket = master.child.spawnargs[master.child.spawnargs.indexOf('-S') + 1] ?? ''
    const forward = await relay.ssh('tokyo', ['-S', socket, '-O', 'forward', '-R', `127.0.0.1:${port}:127.0.0.1:9`])
    assert.is(forward.code, 0, forward.stderr)
    master.child.kill('SIGSTOP')
    context.cleanup(() => void master.child.kill('SIGCONT'))
    let knocks = 0
    const knock = async () => {
      const one = connect(port, '127.0.0.1').on('error', () => {})
      context.cleanup(() => void one.destroy())
      await once(one, 'connect')
      knocks++
    }
    await waitFor('it to be silent', async () => {
      await knock()
      return (await look()).state === 'silent'
    })
    assert.ok(knocks >= 5, `somebody retried its port ${knocks} times`)
    const silent = await look()
    assert.ok(silent.heard && 'silentMs' in silent.heard && silent.heard.silentMs > 3_000)
    assert.is(silent.report?.state, 'ready', 'its last report is what it was')

    const fleet = join(await scratchDirectory(context), 'fleet.toml')
    const relays = `[[relays]]\nname = "lab"\nhost = "127.0.0.1"\nuser = "oobm"\nhost_keys = ["${relay.sshd.hostKey.publicKey}"]\n`
    await writeFile(fleet, `version = 1\n${relays}[[devices]]\nname = "tokyo"\nport = ${port}\n`)
    const oobmRelay = (...args: string[]) =>
      runProgram(process.execPath, [
        ...programArgs('relay-config/main.ts'),
        ...args,
        '--fleet',
        fleet,
        '--state',
        dirname(relay.stateDirectory),
      ])
    const one = await oobmRelay('status', 'tokyo')
    assert.is(one.code, 69, one.stderr)
    assert.match(one.stdout, /^tokyo {2}silent [\s\S]*\n {2}heard +silent for \d+ s; pings every 1 s\n/)
    const all = await oobmRelay('status')
    assert.equal([all.code, all.stderr], [0, ''])
    assert.match(all.stdout, /\ntokyo +silent .* silent for \d+ s\n1 device, 0 proved\nstates, times, .*\n$/)
    assert.match((await oobmRelay('metrics')).stdout, /^oobm_device_silent_seconds\{device="tokyo"\} [\d.]+$/m)

    master.child.kill('SIGCONT')
    await waitFor('it to be heard', async () => (await look()).state === 'ready')
    assert.is((await run('evict')).stdout, 'evicted 0\n', 'it was the same connection all the time')
  },
  SLOW,
)

test('shows no silence if ss is missing', async context => {
  const relay = await relayFor(context)
  const { claim } = await connection(context, relay, 'tokyo')
  const channel = await claim(OLD)
  ask(channel, `report ${JSON.stringify({ ...REPORT, pingS: 1 })}`)
  const paths = statePathsOf({ state: dirname(relay.stateDirectory) })
  const received = await askSs(NEVER, '/nowhere')
  const look = () => readDeviceView({ paths, received, nowMs: Date.now() }, { name: 'tokyo' })
  await waitFor('the report', async () => (await look()).state === 'ready')
  assert.equal((await look()).heard, { unknown: 'this relay has no ss: install iproute2' })
})

test.run()
