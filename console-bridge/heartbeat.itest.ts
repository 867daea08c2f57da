/** The bridge's heartbeat: only while its loops turn. */
import { readFile, watch } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { consoleStatusSchema } from '../formats/status-file.ts'
import { HEARTBEAT_MAX_AGE_MS, HEARTBEAT_MS, heartbeatNow, silentForMs } from '../runtime/boot-clock.ts'
import { startProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { type BridgeFiles, bridgeFiles, startBridge, statusWhere } from './testing/bridge-fixture.ts'

const test = suite('heartbeat')
const LIMIT = { timeoutMs: 120_000 }
const NOT_THERE = { name: 'core-sw1', path: '/dev/not-plugged-in' }

/** Milliseconds since the heartbeat in the file. */
async function silentMs({ env }: BridgeFiles): Promise<number> {
  const text = await readFile(join(env.RUNTIME_DIRECTORY as string, 'status.json'), 'utf8')
  return silentForMs(consoleStatusSchema.parse(JSON.parse(text)).heartbeat, heartbeatNow())
}

test(
  'writes the status every five seconds while nothing happens, and not more often; a stopped bridge has none',
  async context => {
    const files = await bridgeFiles(context, [NOT_THERE])
    const bridge = await startBridge(context, files)
    await statusWhere(files, 'tried', ({ consoles }) => consoles[0]?.cause.includes('does not exist') === true)
    const watching = new AbortController()
    context.cleanup(() => watching.abort())
    let renames = 0
    const counting = (async () => {
      for await (const { filename } of watch(join(files.directory, 'run'), watching))
        if (filename === 'status.json') renames++
    })().catch(() => {})
    let oldestMs = 0
    const untilMs = performance.now() + 16_000
    while (performance.now() < untilMs) {
      oldestMs = Math.max(oldestMs, await silentMs(files))
      await delay(100)
    }
    watching.abort()
    await counting
    assert.ok(oldestMs < HEARTBEAT_MS + 1_500, `${oldestMs} ms old`)
    // One write is one event, as the file is replaced.
    assert.ok(renames >= 2 && renames <= 4, `${renames} writes in 16 s`)
    bridge.child.kill('SIGSTOP')
    await waitFor('the heartbeat to be old', async () => (await silentMs(files)) > HEARTBEAT_MAX_AGE_MS)
    bridge.child.kill('SIGCONT')
    await waitFor('another', async () => (await silentMs(files)) < HEARTBEAT_MS)
  },
  LIMIT,
)

test(
  'stops when the loop of a line does not turn, although the bridge still serves',
  async context => {
    const files = await bridgeFiles(context, [{ name: 'core-sw1', path: 'stuck:line' }])
    const script = `
      import { runBridge } from '${import.meta.dirname}/run-bridge.ts'
      void runBridge({ env: process.env, signal: new AbortController().signal, schemes: { stuck: () => new Promise(() => {}) } })`
    const args = ['--import', 'tsx', '--input-type=module', '-e', script]
    const bridge = startProgram(process.execPath, args, { cwd: join(import.meta.dirname, '..'), env: files.env })
    context.cleanup(() => bridge.stop(100))
    context.onFailure(bridge.output)
    await bridge.says(/"msg":"listening"/, 60_000)
    await statusWhere(files, 'there', () => true)
    // The loop counts as stuck after 30 s.
    await waitFor('the heartbeat to be old', async () => (await silentMs(files)) > HEARTBEAT_MAX_AGE_MS, {
      timeoutMs: 60_000,
    })
  },
  LIMIT,
)

test.run()
