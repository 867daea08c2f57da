import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite } from '../../../testbed/suite.ts'
import { type KnownFiles, readUnchanged } from './read-unchanged.ts'

const test = suite('read unchanged files once')

test('reads again what was replaced, is gone, or has come', async context => {
  const path = join(await scratchDirectory(context), 'report.json')
  const known: KnownFiles = new Map()
  let reads = 0
  const look = () => readUnchanged(known, path, async () => ++reads)
  assert.equal([await look(), await look()], [1, 1])
  await writeFile(path, 'a')
  assert.equal([await look(), await look()], [2, 2])
  await writeFile(`${path}.new`, 'b')
  await rename(`${path}.new`, path)
  assert.equal([await look(), await look()], [3, 3])
  await rm(path)
  assert.equal([await look(), await look()], [4, 4])
  assert.is(await readUnchanged(undefined, path, async () => 9), 9)
})

test.run()
