import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { ConsoleStatus } from '../../formats/status-file.ts'
import { HEARTBEAT_MAX_AGE_MS, type Heartbeat, heartbeatNow } from '../../runtime/boot-clock.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { type BridgeLook, watchBridge } from './watch-bridge.ts'

const test = suite('watch-bridge')

const statusOf = (more: Partial<ConsoleStatus> = {}): ConsoleStatus => ({
  ...{ version: 1, software: '0', pid: 1, port: 2217, consoles: [], heartbeat: heartbeatNow() },
  ...more,
})

async function watching(context: TestContext) {
  const directory = join(await scratchDirectory(context), 'run')
  const looks: BridgeLook[] = []
  let now: () => Heartbeat = heartbeatNow
  const bridge = watchBridge({
    directory,
    onChange: look => looks.push(look),
    signal: context.signal,
    heartbeat: () => now(),
  })
  const write = (text: string | ConsoleStatus) =>
    writeAtomically(join(directory, 'status.json'), typeof text === 'string' ? text : JSON.stringify(text), 0o644)
  const becomes = (state: BridgeLook['state'], timeoutMs?: number) =>
    waitFor(state, () => looks.at(-1)?.state === state, timeoutMs === undefined ? {} : { timeoutMs })
  const setNow = (heartbeat: () => Heartbeat) => {
    now = heartbeat
  }
  return { directory, looks, bridge, write, becomes, setNow }
}

test('sees the bridge start, change, end and start again in another directory', async context => {
  const { directory, looks, bridge, write, becomes } = await watching(context)
  await becomes('absent')
  await mkdir(directory)
  await write(statusOf())
  await becomes('running')
  // By inotify: the poll would take up to two seconds.
  for (let port = 1; port <= 5; port++) {
    await write(statusOf({ port }))
    await waitFor(
      'the change',
      () => {
        const look = bridge.now()
        return look.state === 'running' && look.status.port === port
      },
      { timeoutMs: 1_000 },
    )
  }
  await rm(directory, { recursive: true })
  await becomes('absent')
  await mkdir(directory)
  await write(statusOf())
  await becomes('running')
  const count = looks.length
  for (let beat = 1; beat <= 3; beat++) {
    const heartbeat = { ...heartbeatNow(), uptimeMs: heartbeatNow().uptimeMs + beat }
    await write(statusOf({ heartbeat }))
    await waitFor('the heartbeat', () => {
      const look = bridge.now()
      return look.state === 'running' && look.status.heartbeat.uptimeMs === heartbeat.uptimeMs
    })
  }
  assert.is(looks.length, count, 'a heartbeat alone is no change')
})

test('reports an old heartbeat with its age, until there is a new one', async context => {
  const { directory, bridge, write, becomes, setNow } = await watching(context)
  await mkdir(directory)
  const written = statusOf()
  await write(written)
  await becomes('running')
  setNow(() => ({ ...written.heartbeat, uptimeMs: written.heartbeat.uptimeMs + HEARTBEAT_MAX_AGE_MS + 1 }))
  await becomes('silent')
  assert.equal(bridge.now(), { state: 'silent', forMs: HEARTBEAT_MAX_AGE_MS + 1 })
  setNow(() => ({ ...written.heartbeat, bootId: 'another boot' }))
  assert.equal(bridge.now(), { state: 'silent', forMs: Number.POSITIVE_INFINITY })
  setNow(heartbeatNow)
  await write(statusOf({ pid: 2 }))
  await becomes('running')
})

test('a file that it cannot read counts as no bridge, and it keeps looking', async context => {
  const { directory, write, becomes } = await watching(context)
  await mkdir(directory)
  for (const text of ['', '{', '{"version":2}', 'x'.repeat(2_000_000)]) {
    await write(statusOf())
    await becomes('running')
    await write(text)
    await becomes('absent')
  }
  await rm(join(directory, 'status.json'))
  await mkdir(join(directory, 'status.json'))
  await writeFile(join(directory, 'other'), '')
  await rm(join(directory, 'status.json'), { recursive: true })
  await write(statusOf())
  await becomes('running')
})

test.run()
