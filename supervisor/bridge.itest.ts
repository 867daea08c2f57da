/** A console bridge that does not serve is seen by its missing greeting, also while its status file is fresh. */
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { ConsoleStatus } from '../formats/status-file.ts'
import { heartbeatNow } from '../runtime/boot-clock.ts'
import { writeAtomically } from '../runtime/write-atomically.ts'
import { signalProcess } from '../testbed/sshd.ts'
import { suite } from '../testbed/suite.ts'
import { startField } from './testing/field.ts'

const test = suite('a bridge that does not serve')
const LIMIT = { timeoutMs: 240_000 }
/** A look that finds nothing takes its whole limit, and longer on a loaded machine. */
const SLOW_MS = 100_000

test(
  'is seen when it is stopped and when it sends no SSH greeting, though its heartbeat is fresh',
  async context => {
    const field = await startField(context)
    const run = join(field.directory, 'run-console')
    await mkdir(run)
    const says = () => {
      const status: ConsoleStatus = {
        ...{ version: 1, software: '0', pid: process.pid, port: field.bridge.port, consoles: [] },
        heartbeat: heartbeatNow(),
      }
      return writeAtomically(join(run, 'status.json'), JSON.stringify(status), 0o644)
    }
    await says()
    const beating = setInterval(says, 1_000)
    context.cleanup(() => clearInterval(beating))
    const device = await field.supervisor('a', { env: { OOBM_CONSOLE_RUNTIME_DIRECTORY: run } })
    const { connectedAt } = await device.becomes('ready')
    const { pid } = field.bridge.program
    context.cleanup(() => signalProcess(pid, 'SIGCONT'))
    signalProcess(pid, 'SIGSTOP')
    await device.becomes(
      'unproved',
      /this device's console bridge does not answer on 127\.0\.0\.1:\d+ in time/,
      SLOW_MS,
    )
    signalProcess(pid, 'SIGCONT')
    await device.becomes('ready', /./, SLOW_MS)
    await field.bridge.stop()
    const mute = createServer(socket => {
      // Unread input keeps a socket open, and the server with it.
      socket.on('error', () => {}).resume()
      socket.end('HTTP/1.1 200 OK\r\n')
    })
    context.cleanup(() => new Promise(resolve => mute.close(resolve)))
    await new Promise<void>(resolve => mute.listen(field.bridge.port, '127.0.0.1', resolve))
    const { connectedAt: still } = await device.becomes(
      'unproved',
      /console bridge accepts .* sends no SSH greeting/,
      SLOW_MS,
    )
    assert.is(still, connectedAt, 'the tunnel was not cut for a fault at this end')
  },
  LIMIT,
)

test.run()
