import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { DeviceConfigInput } from '../../formats/device-config.ts'
import { stringifyToml } from '../../formats/toml-file.ts'
import { freePort } from '../../testbed/free-port.ts'
import { makeKey } from '../../testbed/make-key.ts'
import { programArgs } from '../../testbed/programs.ts'
import { startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { type BridgeOptions, dismissPeople, tellPeople } from './ask-bridge.ts'

const test = suite('ask-bridge')

/** The real bridge, without a console. */
async function startBridge(context: TestContext) {
  const directory = await scratchDirectory(context)
  const run = join(directory, 'run')
  await mkdir(run)
  const hostKey = await makeKey(directory, 'bridge_host_key')
  const port = await freePort()
  const config: DeviceConfigInput = {
    version: 1,
    device: 'rack1',
    relays: [{ host: '127.0.0.1', user: 'relay', hostKeys: [hostKey.publicKey] }],
    listenerPort: 20100,
    bridge: { port, hostKey: hostKey.publicKey },
  }
  const env = {
    OOBM_CONFIG: join(directory, 'device.toml'),
    RUNTIME_DIRECTORY: run,
    STATE_DIRECTORY: directory,
    CREDENTIALS_DIRECTORY: directory,
  }
  await writeFile(env.OOBM_CONFIG, stringifyToml(config))
  const start = async () => {
    const bridge = startProgram(process.execPath, programArgs('console-bridge/main.ts'), { env })
    context.cleanup(() => {
      process.kill(bridge.pid, 'SIGCONT')
      return bridge.stop(10_000)
    })
    context.onFailure(bridge.output)
    await bridge.says(/"msg":"listening"/, 60_000)
    return bridge
  }
  const dismiss = (more: Partial<BridgeOptions> = {}) =>
    dismissPeople({ port, hostKey: hostKey.publicKey, signal: AbortSignal.timeout(20_000), ...more }, 'rack1', 'carol')
  const tell = (text: string, lostS?: number) =>
    tellPeople({ port, hostKey: hostKey.publicKey, signal: AbortSignal.timeout(20_000) }, text, lostS)
  return { directory, start, dismiss, tell }
}

test('logs in to the bridge and ends the sessions of people, or says why not', async context => {
  const { directory, start, dismiss, tell } = await startBridge(context)
  const absent = await dismiss()
  assert.match(
    (absent.ok === false && absent.cause) || '',
    /the console bridge on 127\.0\.0\.1:\d+: nothing listens there/,
  )
  const bridge = await start()
  assert.equal(await dismiss(), { ok: true, value: undefined })
  assert.equal(await tell(`"it's" --lost; $(gone)`), { ok: true, value: undefined })
  assert.equal(await tell('uplink eth0 failed\r\nand back', 12), { ok: true, value: undefined })
  assert.equal(await tell(' '), { ok: false, cause: "the console bridge's command ended with 64" })
  const { publicKey } = await makeKey(directory, 'stranger')
  const stranger = await dismiss({ hostKey: publicKey })
  assert.match((stranger.ok === false && stranger.cause) || '', /rejects the supervisor's login \(host-key: SHA256:/)
  const closed = await dismiss({ port: await freePort() })
  assert.match((closed.ok === false && closed.cause) || '', /nothing listens there/)
  process.kill(bridge.pid, 'SIGSTOP')
  const startedMs = performance.now()
  const stopped = await dismiss({ signal: AbortSignal.timeout(300) })
  assert.match((stopped.ok === false && stopped.cause) || '', /\(silent: it says nothing\)/)
  assert.ok(performance.now() - startedMs < 3_000)
})

test.run()
