import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { heartbeatNow } from '../../runtime/boot-clock.ts'
import { EXIT } from '../../runtime/errors.ts'
import { device, minimal, ROOT } from '../../supervisor/testing/device.ts'
import { freePort } from '../../testbed/free-port.ts'
import { makeKey } from '../../testbed/make-key.ts'
import { programArgs } from '../../testbed/programs.ts'
import { ptyTarget } from '../../testbed/pty-target.ts'
import { startProgram } from '../../testbed/run-program.ts'
import { suite } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { assertPrinted } from '../testing/printed.ts'

const test = suite('oobm console')

test(
  'lists, breaks, types, watches and releases through the real bridge, and says when it cannot',
  async context => {
    const { oobm, env, directory, consoleRuntime, configure } = await device(context)
    const down = await oobm('console', 'list')
    assert.is(down.code, EXIT.unavailable)
    assert.match(down.stderr, 'oobm-console is not running')
    const key = await makeKey(directory, 'bridge')
    await writeFile(join(directory, 'credentials/bridge_host_key'), key.privateKey, { mode: 0o600 })
    const target = await ptyTarget(context, directory)
    const consoles = [
      { name: 'core-sw1', path: target.path, alerts: ['ios' as const] },
      { name: 'core-sw2', path: join(directory, 'no-such-line') },
    ]
    await configure(minimal(key.publicKey, { consoles, bridge: { hostKey: key.publicKey, port: await freePort() } }))
    const state = join(directory, 'state')
    await mkdir(state)
    const leftover = join(state, 'seats.json.0123456789abcdef01234567.new')
    await writeFile(leftover, '{')
    const bridge = startProgram(process.execPath, programArgs('console-bridge/main.ts'), {
      cwd: ROOT,
      env: { ...env, RUNTIME_DIRECTORY: consoleRuntime, STATE_DIRECTORY: state },
    })
    context.cleanup(() => bridge.stop())
    context.onFailure(bridge.output)
    await waitFor('the bridge’s status', () => readFile(join(consoleRuntime, 'status.json')).catch(() => undefined), {
      timeoutMs: 60_000,
    })
    assert.not(existsSync(leftover), 'what a power cut left is removed')
    const list = await oobm('console', 'list')
    assert.is(list.code, EXIT.ok, list.stderr)
    assert.match(list.stdout, /^core-sw1 .*open\ncore-sw2 .*closed/)
    assert.match((await oobm('status')).stdout, /core-sw1.*open.*\n.*core-sw2.*closed/)
    const refused = await oobm('console', 'break', 'core-sw2', '500')
    assert.is(refused.code, EXIT.unavailable)
    assert.match(refused.stderr, 'no BREAK was sent')
    const sent = await oobm('console', 'break', 'core-sw1', '500')
    assert.equal([sent.code, sent.stdout], [EXIT.ok, 'BREAK sent to core-sw1, 500 ms\n'])
    const released = await oobm('console', 'release', 'core-sw1')
    assert.equal([released.code, released.stdout], [EXIT.ok, 'flow control of core-sw1 released\n'])

    target.onHeard(text => text === 'show  "clock"\r' && target.says('show  "clock"\r\n12:00\r\nsw1#'))
    const answer = await oobm('console', 'run', 'core-sw1', '--until', '^sw1[>#] ?$', '--', 'show  "clock"')
    assert.equal([answer.code, answer.stdout, answer.stderr], [EXIT.ok, '12:00\n', ''])
    const json = await oobm('console', 'run', '--json', 'core-sw1', '--', 'show  "clock"')
    assert.is(JSON.parse(json.stdout).output, '12:00\n')
    await assertPrinted('console run', json.stdout)

    const run = (...args: string[]) => {
      const program = startProgram(process.execPath, [...programArgs('device/main.ts'), ...args], {
        cwd: ROOT,
        env,
      })
      context.cleanup(() => program.stop())
      return program
    }
    const watch = run('console', 'watch', 'core-sw1')
    await watch.says(/you watch/, 60_000)
    const attach = run('console', 'attach', 'core-sw1')
    await attach.says(/you type/, 60_000)
    attach.child.stdin?.end('show clock\r')
    await target.hears(/show clock\r$/)
    target.says('*12:00\r\nRouter#')
    await watch.says(/\*12:00\r\nRouter#/)
    await attach.says(/\*12:00\r\nRouter#/)
    await waitFor('the end of the answer', () => attach.ended())
    assert.is(attach.child.exitCode, EXIT.ok)
    target.says('%PLATFORM_ENV-1-FAN: Faulty fan\r\n')
    const alerts = await waitFor('the alert', async () => {
      const { stdout } = await oobm('console', 'alerts', 'core-sw1', '--json')
      return stdout.includes('ios-fan') && stdout
    })
    await assertPrinted('console alerts', alerts)
    for (const command of [['status'], ['recordings', 'list', 'core-sw1']]) {
      const { stdout } = await oobm('console', ...command, '--json')
      assert.match(stdout, command[0] === 'status' ? /"take-over"/ : /"typedBytes"/)
      await assertPrinted(`console ${command.slice(0, 2).join(' ')}`, stdout)
    }
    const unknown = await oobm('console', 'watch', 'nothing')
    assert.is(unknown.code, EXIT.usage)
    assert.match(unknown.stderr, 'log in with one of these names: core-sw1')

    const cutOff = run('console', 'watch', 'core-sw1')
    await cutOff.says(/you watch/, 60_000)
    const statusFile = join(consoleRuntime, 'status.json')
    const status = JSON.parse(await readFile(statusFile, 'utf8'))
    bridge.child.kill('SIGKILL')
    await cutOff.says(/the connection to the console bridge failed|oobm-console is not running/, 60_000)
    assert.not.match(cutOff.output(), 'does not accept')
    if (process.getuid?.() !== 0) return
    const closing = createServer(socket => void socket.destroy()).listen(0, '127.0.0.1')
    context.cleanup(() => void closing.close())
    await once(closing, 'listening')
    const { port } = closing.address() as AddressInfo
    await writeFile(statusFile, JSON.stringify({ ...status, pid: process.pid, heartbeat: heartbeatNow(), port }))
    const closed = await oobm('console', 'list')
    assert.is(closed.code, EXIT.unavailable)
    assert.match(closed.stderr, 'the connection to the console bridge failed or was closed')
  },
  { timeoutMs: 120_000 },
)

test.run()
