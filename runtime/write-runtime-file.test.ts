import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { writeRuntimeFile } from './write-runtime-file.ts'

const test = suite('write a run-time file')

test('replaces the whole file, with the mode asked for', async context => {
  const directory = await scratchDirectory(context)
  const path = join(directory, 'status.json')
  const before = process.umask(0o077)
  context.cleanup(() => process.umask(before))
  writeRuntimeFile(path, 'a long first content', 0o600)
  const { ino } = await stat(path)
  writeRuntimeFile(path, 'new', 0o644)
  const now = await stat(path)
  assert.equal([await readFile(path, 'utf8'), now.mode & 0o777], ['new', 0o644])
  // Another file: a reader who has the old one open reads it to its end.
  assert.is.not(now.ino, ino)
  assert.equal(await readdir(directory), ['status.json'])
})

test('leaves the old one, and nothing beside it, when it cannot', async context => {
  const directory = await scratchDirectory(context)
  const path = join(directory, 'status.json')
  await mkdir(join(path, 'in the way'), { recursive: true })
  assert.throws(() => writeRuntimeFile(path, 'new', 0o644), /EISDIR|ENOTEMPTY|EEXIST/)
  assert.equal(await readdir(directory), ['status.json'])
  await rm(path, { recursive: true })
  assert.throws(() => writeRuntimeFile(join(directory, 'missing', 'status.json'), 'new', 0o644), /ENOENT/)
})

test.run()
