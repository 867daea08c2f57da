/** An operator's desk on another machine: each relay is asked by the operator's own ssh, over one login. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { programArgs } from '../../../testbed/programs.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { farOperator } from '../../testing/far-operator.ts'
import { hostSuite } from '../../testing/throwaway-host.ts'

const test = hostSuite('the desk by ssh')
const START_MS = 120_000

test(
  'shows what the relay says, switches and reads the history, over one login that ends with it',
  async context => {
    const { host, operate, env, machine } = await farOperator(context)
    const pushed = await operate(['push', '--no-systemd'])
    assert.is(pushed.code, 0, pushed.stdout + pushed.stderr)
    const logins = async () => Number(await host.sh('grep -c "Accepted publickey" /run/admin-sshd.log || true'))
    const before = await logins()
    const runtime = await scratchDirectory(context)
    const settings = Object.entries({ ...env, XDG_RUNTIME_DIR: runtime }).map(([name, value]) => `${name}=${value}`)
    // In a session of its own: no terminal, so that nothing waits for a person.
    const command = [process.execPath, ...programArgs('relay-config/main.ts'), 'desk', '--print']
    const desk = machine.start('setsid', ['--wait', 'env', ...settings, ...command])
    context.onFailure(desk.output)
    const [, port = '', token = ''] = await desk.says(/http:\/\/127\.0\.0\.1:(\d+)\/#([0-9a-f]+)/, START_MS)
    const visitor = join(import.meta.dirname, 'testing/visit-desk.ts')
    const visit = await machine.run(process.execPath, ['--import', 'tsx', visitor, port, token])
    assert.is(visit.code, 0, visit.stderr)
    const { fleet, off, history } = JSON.parse(visit.stdout)
    assert.is(fleet.relays[0].problem, undefined)
    assert.equal(fleet.devices.map((device: { name: string; state: string }) => [device.name, device.state]).sort(), [
      ['osaka', 'never'],
      ['tokyo', 'never'],
    ])
    assert.match(off[0].said, /^access to osaka is off/)
    assert.is(history.entries.at(-1).reason, "it's")
    assert.is((await logins()) - before, 1, 'status, off and history')

    const [folder = ''] = await readdir(runtime)
    assert.match(folder, /^oobm-desk-/)
    await desk.stop(10_000)
    assert.equal(await readdir(runtime), [])
    const shared = await machine.run('pgrep', ['-f', runtime])
    assert.is(shared.stdout, '', 'the shared connection has ended')
  },
  { timeoutMs: 300_000 },
)

test.run()
