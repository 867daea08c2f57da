import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { EXIT } from '../../runtime/errors.ts'
import { freePort } from '../../testbed/free-port.ts'
import { makeKey } from '../../testbed/make-key.ts'
import { startProgram } from '../../testbed/run-program.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { suite } from '../../tools/suite.ts'
import { device, minimal, ROOT } from '../testing/device.ts'

const test = suite('oobm console')

test(
  'lists, breaks and watches through the real bridge, and says when it may not or cannot',
  async context => {
    const { oobm, env, directory, consoleRuntime, configure } = await device(context)
    const down = await oobm('console', 'list')
    assert.is(down.code, EXIT.unavailable)
    assert.match(down.stderr, 'oobm-console is not running')
    const key = await makeKey(directory, 'bridge')
    await writeFile(join(directory, 'credentials/bridge_host_key'), key.privateKey, { mode: 0o600 })
    const consoles = [{ name: 'core-sw1', path: join(directory, 'no-such-line') }]
    await configure(minimal(key.publicKey, { consoles, bridge: { hostKey: key.publicKey, port: await freePort() } }))
    const bridge = startProgram(process.execPath, ['--import', 'tsx', 'console-bridge/main.ts'], {
      cwd: ROOT,
      env: { ...env, RUNTIME_DIRECTORY: consoleRuntime, STATE_DIRECTORY: join(directory, 'state') },
    })
    context.cleanup(() => bridge.stop())
    context.onFailure(bridge.output)
    await waitFor('the bridge’s status', () => readFile(join(consoleRuntime, 'status.json')).catch(() => undefined), {
      timeoutMs: 60_000,
    })
    const list = await oobm('console', 'list')
    assert.is(list.code, EXIT.ok, list.stderr)
    assert.match(list.stdout, /^core-sw1 .*closed/)
    assert.match((await oobm('status')).stdout, /core-sw1.*closed/)
    const refused = await oobm('console', 'break', 'core-sw1', '500')
    assert.is(refused.code, EXIT.unavailable)
    assert.match(refused.stderr, 'no BREAK was sent')
    const unknown = await oobm('console', 'watch', 'nothing')
    assert.is(unknown.code, EXIT.usage)
    assert.match(unknown.stderr, 'Log in with one of these names: core-sw1')
  },
  { timeoutMs: 120_000 },
)

test.run()
