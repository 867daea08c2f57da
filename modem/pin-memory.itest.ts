/** Which PINs are not tried again, on a real disk. */
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { PinMemory } from './pin-memory.ts'

const test = suite('PINs that were tried')

test('a refused PIN is not tried again on this SIM, after a restart either; another PIN and another SIM are', async context => {
  const directory = await scratchDirectory(context)
  const memory = await PinMemory.open(directory)
  assert.is(memory.problem('sim1', '1111', 3), undefined)
  await memory.trying('sim1', '1111', 3)
  await memory.refused('sim1', '1111')
  for (const one of [memory, await PinMemory.open(directory)]) {
    assert.is(one.problem('sim1', '1111', 3), 'it was refused before')
    assert.is(one.problem('', '1111', 3), 'it was refused before')
    assert.is(one.problem('sim1', '2222', 2), undefined)
    assert.is(one.problem('sim2', '1111', 3), undefined)
  }
  await memory.trying('sim1', '2222', 2)
  await memory.harmless('sim1', '2222')
  assert.is(memory.problem('sim1', '2222', 3), undefined)
  assert.is(memory.problem('sim1', '1111', 3), 'it was refused before')
})

test('a SIM that did not say which it is may be any SIM', async context => {
  const memory = await PinMemory.open(await scratchDirectory(context))
  await memory.trying('', '1111', undefined)
  await memory.refused('', '1111')
  assert.is(memory.problem('sim9', '1111', 3), 'it was refused before')
})

test('a try that a power cut interrupted counts, unless the SIM has all its tries', async context => {
  const directory = await scratchDirectory(context)
  await (await PinMemory.open(directory)).trying('sim1', '1111', 3)
  const after = await PinMemory.open(directory)
  assert.is(after.problem('sim1', '1111', 3), undefined)
  assert.match(after.problem('sim1', '1111', 2) ?? '', 'the board stopped while')
  assert.match(after.problem('sim1', '1111', undefined) ?? '', 'the board stopped while')
})

test('a file that is damaged, or cannot be written, lets nothing be tried', async context => {
  const directory = await scratchDirectory(context)
  const path = join(directory, 'pins.json')
  for (const text of ['{"version": 1, "tri', '{"version":1,"tried":[{}]}']) {
    await writeFile(path, text)
    assert.match((await PinMemory.open(directory)).problem('sim1', '1111', 3) ?? '', /pins\.json says .*: remove it/)
  }
  await writeFile(path, '{"version":1,"tried":[]}')
  const memory = await PinMemory.open(join(directory, 'absent'))
  let failed = false
  await memory.trying('sim1', '1111', 3).catch(() => {
    failed = true
  })
  assert.ok(failed)
  await chmod(directory, 0o700)
  assert.is(await readFile(path, 'utf8'), '{"version":1,"tried":[]}')
})

test.run()
