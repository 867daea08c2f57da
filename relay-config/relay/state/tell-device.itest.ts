/** A message reaches the device by its claim's pipe, and nothing else is opened or written to in place of that pipe. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { readProcessStat } from '../../../runtime/process-stat.ts'
import { runProgram, startProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite, type TestContext } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { connection, NEW, OLD, relayFor, SLOW } from '../../testing/device-commands.ts'
import { statePathsOf } from './state-paths.ts'
import { tellDevice } from './tell-device.ts'

const test = suite('messages to a device')
const BLINK = { type: 'blink', seconds: 7 } as const

test(
  'reaches the youngest connection that claimed, and nobody once that has ended',
  async context => {
    const relay = await relayFor(context)
    const paths = statePathsOf({ state: join(relay.stateDirectory, '..') })
    const tell = () => tellDevice(paths, 'tokyo', BLINK)
    assert.not(await tell(), 'it was never here')
    const older = await (await connection(context, relay, 'tokyo')).claim(OLD)
    const { claim, master } = await connection(context, relay, 'tokyo')
    const younger = await claim(NEW)
    await waitFor('the younger one to be told', tell)
    await younger.says(/^blink 7$/m)
    assert.is(older.output(), 'claimed\n')
    master.child.kill('SIGKILL')
    await waitFor('nobody to be told', async () => !(await tell()))
    assert.is(older.output(), 'claimed\n', 'not the older one either')
  },
  SLOW,
)

test('writes to a FIFO that an earlier version made', async context => {
  const { paths, folder } = await device(context)
  const fifo = join(folder, 'control')
  assert.is((await runProgram('mkfifo', [fifo])).code, 0)
  assert.not(await tellDevice(paths, 'tokyo', BLINK), 'nobody reads')
  const reader = startProgram('cat', [fifo])
  context.cleanup(() => reader.stop())
  await waitFor('it to be told', () => tellDevice(paths, 'tokyo', BLINK))
  await reader.says(/^blink 7$/m)
})

test('writes to nothing but a pipe, of a process that the device’s sshd started', async context => {
  const { paths, folder } = await device(context)
  const file = join(folder, 'file')
  const control = join(folder, 'control')
  await writeFile(file, 'as it was')
  // Like one that has taken over the devices' account: a process of its own, with a descriptor of its choice.
  const sshd = join(folder, 'sshd')
  await copyFile('/bin/sh', sshd)
  const start = async (descriptor: string) => {
    const outer = startProgram(sshd, [
      '-c',
      `sleep 600 ${descriptor} & echo $! >"$0.pid"; echo up; wait`,
      join(folder, 'inner'),
    ])
    context.cleanup(() => outer.stop())
    await outer.says(/^up$/m)
    const inner = (await readFile(join(folder, 'inner.pid'), 'utf8')).trim()
    context.cleanup(() => process.kill(Number(inner), 'SIGKILL'))
    await runProgram('ln', ['-sfn', `/proc/${inner}/fd/8`, control])
    return outer.pid
  }
  const record = async (pid: number) => {
    const { startTicks } = (await readProcessStat(pid)) ?? {}
    await writeFile(join(folder, 'sessions'), `${pid} ${startTicks} sshd ${OLD} 127.0.0.1 1 127.0.0.1 2\n`)
  }
  const fifo = join(folder, 'fifo')
  await runProgram('mkfifo', [fifo])
  const strangers = await start(`8<>"${fifo}"`)
  assert.not(await tellDevice(paths, 'tokyo', BLINK), 'no sshd of a connection that claimed')
  await record(strangers)
  assert.ok(await tellDevice(paths, 'tokyo', BLINK), 'this one is recorded')
  await record(await start(`8<"${file}"`))
  assert.not(await tellDevice(paths, 'tokyo', BLINK), 'a file')
  await record(await start('8</dev/null'))
  assert.not(await tellDevice(paths, 'tokyo', BLINK), 'a device')
  await runProgram('ln', ['-sfn', file, control])
  assert.not(await tellDevice(paths, 'tokyo', BLINK), 'a link to elsewhere')
  assert.is(await readFile(file, 'utf8'), 'as it was')
})

async function device(context: TestContext) {
  const paths = statePathsOf({ root: await scratchDirectory(context) })
  const folder = join(paths.devices, 'tokyo')
  await mkdir(folder, { recursive: true })
  return { paths, folder }
}

test.run()
