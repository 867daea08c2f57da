import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { UserError } from '../runtime/errors.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { claimLabDirectory } from './lab-directory.ts'

const test = suite('lab directory')

async function refusal(path: string): Promise<string> {
  try {
    await claimLabDirectory(path)
  } catch (err) {
    if (err instanceof UserError) return err.message
    throw err
  }
  throw new Error(`${path} was taken`)
}

test('makes a folder that is closed to others, and takes it again after an orderly end', async context => {
  const path = join(await scratchDirectory(context), 'made/on/the/way')
  const directory = await claimLabDirectory(path)
  assert.is((await stat(path)).mode & 0o777, 0o700)
  await writeFile(join(path, 'left-behind'), '')
  await directory.release()
  await claimLabDirectory(path)
  assert.is(await readFile(join(path, 'left-behind')).catch(() => 'gone'), 'gone')
})

test('refuses a folder that a lab runs in, and takes it once that process is no more', async context => {
  const path = join(await scratchDirectory(context), 'lab')
  await claimLabDirectory(path)
  assert.match(await refusal(path), `runs in ${path} already (process ${process.pid})`)
  // The same number, and another process: started at another time.
  await writeFile(join(path, 'lab.pid'), `${process.pid} 1\n`)
  await claimLabDirectory(path)
})

test('never removes what is not a lab’s', async context => {
  const path = await scratchDirectory(context)
  await writeFile(join(path, 'thesis'), 'the only copy')
  assert.match(await refusal(path), 'is not a lab')
  assert.is(await readFile(join(path, 'thesis'), 'utf8'), 'the only copy')
})

test('refuses a path that sshd could not name', async context => {
  const path = join(await scratchDirectory(context), 'my lab')
  await mkdir(path)
  assert.match(await refusal(path), 'use a path of letters')
})

test.run()
