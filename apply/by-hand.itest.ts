/** `oobm settings apply`: the command and the program behind the folder, both as they are. */
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { assertPrinted } from '../device/testing/printed.ts'
import { runProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { makeDevice, type TestDevice } from './testing/device.ts'

const test = suite('oobm settings apply')

async function oobm(device: TestDevice, ...args: string[]) {
  return runProgram(process.execPath, ['build/lib/oobm.cjs', 'settings', ...args], {
    env: { ...process.env, ...device.env },
    timeoutMs: 30_000,
  })
}

/** The command, and the program as the path unit would start it. */
async function apply(device: TestDevice, content: string) {
  const file = join(device.directory, 'my document.toml')
  await writeFile(file, content)
  let isOver = false
  const answer = oobm(device, 'apply', file).finally(() => {
    isOver = true
  })
  while (!isOver) {
    if ((await readdir(device.spool)).some(name => name.endsWith('.settings'))) await device.run()
    await setTimeout(50)
  }
  return answer
}

test('says what became of it, and exits with 0 only where all of it was taken', async context => {
  const device = await makeDevice(context)
  const access = { technicians: [] }
  const good = await device.sign({ ...device.head(7), access })
  const cases: [content: string, code: number, said: RegExp][] = [
    [good, 0, /^in-force: number 7: all of it is in force$/m],
    [good, 1, /^refused: number 7: nothing of it took effect\n.*only a higher one takes effect/m],
    ['serial = 9\n', 1, /^refused: nothing of it took effect\n.*is not signed/m],
    [
      await device.sign({ ...device.connectivity(8, 'x', { fromTheFuture: 1 }), access }),
      1,
      /^partly: number 8: access is in force, connectivity was refused\n.*from_the_future/m,
    ],
  ]
  for (const [content, code, said] of cases) {
    const answer = await apply(device, content)
    assert.is(answer.code, code, answer.stdout + answer.stderr)
    assert.match(answer.stdout, said)
  }
  const shown = await oobm(device)
  assert.is(shown.code, 0)
  assert.match(shown.stdout, /^serial number +8$/m)
  assert.match(shown.stdout, /^refused +2$/m)
  const printed = (await oobm(device, '--json')).stdout
  await assertPrinted('settings', printed)
  const json = JSON.parse(printed)
  assert.equal([json.serial, json.refused, json.trial, json.signers.length], [8, 2, null, 1])
})

test('what cannot be brought is said at once', async context => {
  const device = await makeDevice(context)
  const big = join(device.directory, 'big')
  await writeFile(big, Buffer.alloc(300_000))
  assert.match((await oobm(device, 'apply', big)).stderr, /has 300000 bytes; a settings document has at most 262144/)
  assert.match((await oobm(device, 'apply', join(device.directory, 'none'))).stderr, /cannot read/)
  const nowhere = { ...device, env: { ...device.env, OOBM_SETTINGS_SPOOL: join(device.directory, 'nowhere') } }
  const { code, stderr } = await oobm(nowhere, 'apply', device.keys.alice.path)
  assert.is(code, 69)
  assert.match(stderr, /there is no .*nowhere/)
})

test.run()
