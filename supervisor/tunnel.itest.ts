import { readdir, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { startField } from './testing/field.ts'

const test = suite('tunnel')
const LIMIT = { timeoutMs: 90_000 }

test(
  'comes up, proves itself through the relay, and says so',
  async context => {
    const field = await startField(context)
    const { becomes, runtime, status } = await field.supervisor('a')
    const first = await becomes('ready')
    assert.is(first.proof.by, 'login', 'the login through the tunnel proves it at once')
    const steps = await waitFor('the self-test over a second connection', async () => {
      const now = await status()
      return now?.proof.by === 'self-test' && now.proof.attempt?.steps.map(({ name, ok }) => [name, ok])
    })
    assert.equal(steps, [
      ['relay', true],
      ['shell listener', true],
      ['shell login', true],
      ['console listener', true],
      ['console host key', true],
    ])
    assert.is(await readFile(join(field.directory, 'a/led'), 'utf8').then(text => text.trim()), 'ready')
    assert.equal(await readdir(join(runtime, 'selftest')), [], 'the marker is gone')
  },
  LIMIT,
)

test(
  'connections that say nothing, or greet and wait, do not make it doubt itself',
  async context => {
    const field = await startField(context)
    const { becomes, status } = await field.supervisor('a')
    await becomes('ready')
    const crowd = [field.listenerPort, field.listenerPort + 1].flatMap(port =>
      Array.from({ length: 100 }, (_, index) => {
        const socket = connect(port, '127.0.0.1')
        context.cleanup(() => socket.destroy())
        socket.on('error', () => {}).resume()
        if (index % 5 === 0) socket.write('SSH-2.0-x\r\n')
        return socket
      }),
    )
    await waitFor('the surplus to be closed', () => crowd.filter(({ closed }) => closed).length >= 2 * (100 - 64))
    const before = (await status())?.proof.attempt?.at
    await waitFor('two self-tests more', async () => {
      const attempt = (await status())?.proof.attempt
      return attempt?.ok && attempt.at > (before ?? 0) + 3_000
    })
    const states = (await status())?.changes.map(({ state }) => state) ?? []
    assert.equal([...new Set(states.slice(states.indexOf('ready')))], ['ready', 'in-use'])
  },
  LIMIT,
)

test.run()
