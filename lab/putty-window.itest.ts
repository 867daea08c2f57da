import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { bridgeFiles, runCommand, statusWhere } from '../console-bridge/testing/bridge-fixture.ts'
import { parseFleet } from '../relay-config/fleet/fleet-config.ts'
import { puttyScript, puttySessions } from '../relay-config/fleet/render/putty-sessions.ts'
import { programArgs } from '../testbed/programs.ts'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { startSshd } from '../testbed/sshd.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'

const test = suite('PuTTY’s window')

/** A display of its own, for as long as the test runs. */
async function display(context: TestContext): Promise<string> {
  const server = startProgram('Xvfb', ['-displayfd', '1', '-screen', '0', '900x600x24', '-nolisten', 'tcp'])
  context.cleanup(() => server.stop())
  context.onFailure(server.output)
  const number = await waitFor('a display', async () => /^(\d+)$/m.exec(server.output())?.[1], { timeoutMs: 60_000 })
  return `:${number}`
}

test(
  'the rendered sessions open a console through the relay without a question, and Special Command > Break is a BREAK',
  async context => {
    const files = await bridgeFiles(context, [{ name: 'core-sw1', path: 'sim:router' }])
    const { directory, keys, port } = files
    const bridge = startProgram(process.execPath, programArgs('lab/console-main.ts'), { env: files.env })
    context.cleanup(() => bridge.stop(10_000))
    context.onFailure(bridge.output)
    await bridge.says(/"msg":"listening"/, 60_000)
    const relay = await startSshd({
      directory: join(directory, 'relay'),
      authorizedKeys: [`${keys.alice.path}.pub`],
      config: [`PermitOpen 127.0.0.1:${port}`],
    })
    context.cleanup(() => relay.stop())
    context.onFailure(relay.log)

    const home = join(directory, 'home')
    const key = join(directory, 'alice.ppk')
    await mkdir(home)
    assert.is((await runProgram('puttygen', [keys.alice.path, '-O', 'private', '-o', key])).code, 0)
    const fleet = parseFleet(
      'fleet.toml',
      `version = 1
[[relays]]
name = "lon"
host = "127.0.0.1"
port = ${relay.port}
user = "${relay.user}"
host_keys = ["${relay.hostKey.publicKey}"]
[[devices]]
name = "rack1"
port = ${port - 1}
[[devices.consoles]]
name = "core-sw1"
path = "/dev/ttyUSB0"
[[technicians]]
name = "alice"
keys = ["${keys.alice.publicKey}"]
consoles = ["core-sw1"]
`,
    )
    const [alice] = fleet.technicians
    assert.ok(alice)
    const hostKeys = { shell: files.hostKey.publicKey, bridge: files.hostKey.publicKey }
    const script = join(directory, 'putty-linux.sh')
    await writeFile(script, puttyScript(puttySessions(fleet, alice, () => hostKeys, key)))
    const env = {
      HOME: home,
      DISPLAY: await display(context),
      XDG_CONFIG_HOME: join(home, '.config'),
      SSH_AUTH_SOCK: '',
    }
    const installed = await runProgram('sh', [script], { env })
    assert.is(installed.stdout, `2 sessions are in ${home}/.putty/sessions\n`)

    const putty = startProgram('putty', ['-load', 'core-sw1'], { env })
    context.cleanup(() => putty.stop())
    context.onFailure(async () => {
      return putty.output()
    })
    const xdotool = async (...args: string[]) => {
      const { code, stdout, stderr } = await runProgram('xdotool', args, { env, timeoutMs: 60_000 })
      assert.is(code, 0, `xdotool ${args.join(' ')}: ${stderr}`)
      return stdout.trim()
    }
    const { consoles } = await statusWhere(files, 'alice', ({ consoles }) => consoles[0]?.sessions.length === 1)
    assert.equal(
      consoles[0]?.sessions.map(({ technician, writer }) => [technician, writer]),
      [['alice', true]],
    )
    assert.match(relay.log(), /Accepted publickey/, 'it went through the relay')
    const [window = ''] = (await xdotool('search', '--sync', '--onlyvisible', '--name', 'core-sw1')).split('\n')
    const said = async () => (await runCommand(files, 'alice', 'core-sw1', 'log')).stdout
    // PuTTY's menu is GTK's, and has no name to look for: Ctrl and the right button open it, six rows down are Special Commands,
    // and Break is the first of them. On a busy machine it may come late: the whole is done again.
    const sendBreak = () =>
      xdotool(
        ...['key', 'Escape', 'windowfocus', window, 'mousemove', '--window', window, '200', '150'],
        ...['keydown', 'ctrl', 'click', '3', 'keyup', 'ctrl', 'sleep', '1'],
        ...['key', '--delay', '200', ...Array(6).fill('Down'), 'Right', 'sleep', '1', 'key', 'Return', 'sleep', '1'],
      )
    await waitFor(
      'rommon',
      async () => {
        await sendBreak()
        return /%CONSOLE: break of \d+ ms[\s\S]*interrupted by break[\s\S]*rommon 1 >/.test(await said())
      },
      { timeoutMs: 90_000 },
    )
    const { events = [] } = await statusWhere(files, 'events', ({ events = [] }) => events.length > 0)
    assert.ok(
      events.some(({ event, technician, console }) => `${event} ${technician} ${console}` === 'break alice core-sw1'),
    )
    await xdotool('windowfocus', window, 'type', '--delay', '50', 'boot\r')
    await waitFor('what is typed in the window', async () => /rommon 1 > boot/.test(await said()), {
      timeoutMs: 60_000,
    })
  },
  { timeoutMs: 240_000 },
)

test.run()
