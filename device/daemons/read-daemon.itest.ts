import { spawnSync } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { SupervisorStatus } from '../../formats/status-file.ts'
import { HEARTBEAT_MAX_AGE_MS, heartbeatNow } from '../../runtime/boot-clock.ts'
import { statusNow } from '../../supervisor/testing/device.ts'
import { startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { readSupervisor } from './read-daemon.ts'

const test = suite('read-daemon')

async function folder(context: TestContext) {
  const directory = await scratchDirectory(context)
  const path = join(directory, 'status.json')
  return {
    ...{ directory, path },
    write: (changes: Partial<SupervisorStatus>) => writeFile(path, JSON.stringify({ ...statusNow(), ...changes })),
    read: () => readSupervisor({ RUNTIME_DIRECTORY: directory }),
  }
}

const before = (ms: number) => ({ ...heartbeatNow(), uptimeMs: heartbeatNow().uptimeMs - ms })

test('a daemon that runs and answers is believed', async context => {
  const { write, read } = await folder(context)
  await write({})
  const reading = await read()
  assert.is(reading.running && reading.status.state, 'ready')
})

test('a daemon with an old heartbeat does not answer, though its process runs', async context => {
  const { write, read } = await folder(context)
  // The first process has been there since the boot.
  await write({ pid: 1, heartbeat: before(HEARTBEAT_MAX_AGE_MS - 5_000) })
  assert.is((await read()).running, true)
  await write({ pid: 1, heartbeat: before(HEARTBEAT_MAX_AGE_MS + 1_000) })
  assert.equal(await read(), {
    running: false,
    state: 'silent',
    problem: 'oobm-supervisor has not answered for 16 s; its process 1 still runs',
  })
})

test('a file of another boot, of a dead process, or of a process whose number was reused is not a status', async context => {
  const { write, read, path } = await folder(context)
  const gone = startProgram('true', [])
  await waitFor('the process to end', gone.ended)
  const young = startProgram('sleep', ['600'])
  context.cleanup(() => young.stop())
  for (const change of [
    { heartbeat: { ...heartbeatNow(), bootId: '00000000-0000-0000-0000-000000000000' } },
    { pid: gone.pid },
    { pid: young.pid, heartbeat: before(10_000) },
  ]) {
    await write(change)
    const problem = `oobm-supervisor is not running: it ended without removing ${path}`
    assert.equal(await read(), { running: false, state: 'gone', problem })
  }
  await rm(path)
  const reading = await read()
  assert.match(reading.running ? '' : reading.problem, 'oobm-supervisor is not running: there is no /')
})

test('whatever the file is, the answer is one line', async context => {
  const { directory, path, read } = await folder(context)
  const whole = JSON.stringify(statusNow())
  const rows: [make: () => unknown, problem: RegExp][] = [
    [() => writeFile(path, ''), /status\.json cannot be read: it is incomplete$/],
    [() => writeFile(path, whole.slice(0, 200)), /cannot be read: it is incomplete$/],
    [() => writeFile(path, '\u001b[2J{'), /cannot be read: it is incomplete$/],
    [() => writeFile(path, whole.replace('"version":1', '"version":2')), /was written by another version of oobm-sup/],
    [() => writeFile(path, '[]'), /was written by another version/],
    [() => writeFile(path, ' '.repeat(1024 * 1024 + 1)), /cannot be read: it has 1048577 bytes$/],
    [() => mkdir(path), /cannot be read: (it is not a file|EISDIR.*)$/],
    [() => spawnSync('mkfifo', [path]), /cannot be read: it is not a file$/],
  ]
  for (const [make, problem] of rows) {
    await rm(path, { recursive: true, force: true })
    await make()
    const reading = await read()
    assert.ok(!reading.running)
    assert.is(reading.state, 'unknown')
    assert.match(reading.problem, problem)
    assert.not.match(reading.problem, /[\n\u001b]/)
  }
  const reading = await readSupervisor({ RUNTIME_DIRECTORY: join(directory, 'status.json/x') })
  assert.match(reading.running ? '' : reading.problem, /cannot be read: ENOTDIR/)
})

test('nothing in it can move a terminal’s cursor', async context => {
  const { write, read } = await folder(context)
  const evil = 'no\u001b[2J\u009b1mready\u202e\n'
  const proof = {
    ...statusNow().proof,
    attempt: { at: 1, ok: false, tookMs: 1, steps: [{ name: evil, ok: false, detail: evil, tookMs: 1 }] },
  }
  await write({
    cause: evil,
    relay: { host: evil, port: 443 },
    proof,
    changes: [{ at: 1, state: 'refused', cause: evil }],
  })
  const reading = await read()
  assert.ok(reading.running)
  assert.not.match(JSON.stringify(reading), /\\u001b|\\n|[\u009b\u202e]/)
  assert.is(reading.status.cause, 'no?[2J?1mready??')
})

test.run()
