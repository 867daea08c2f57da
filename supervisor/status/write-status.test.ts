import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { SupervisorStatus } from '../../formats/status-file.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'
import { statusWriter } from './write-status.ts'

const test = suite('write-status')
const status = (cause: string) => ({ cause, changes: [] as SupervisorStatus['changes'] }) as SupervisorStatus

test('writes the newest content, also after the same content came twice', async context => {
  const directory = await scratchDirectory(context)
  const failures: string[] = []
  const keep = (fault: string | undefined) => fault !== undefined && failures.push(fault)
  const writer = statusWriter(directory, keep)
  for (const cause of ['one', 'two', 'two', 'three']) writer.write(status(cause))
  await writer.flush()
  writer.write(status('three'))
  await writer.flush()
  writer.write(status('four'))
  await writer.flush()
  assert.match(await readFile(join(directory, 'status.json'), 'utf8'), 'four')
  assert.equal(failures, [])
})

test('tells a failure, and writes again when it can', async context => {
  const directory = await scratchDirectory(context)
  const failures: string[] = []
  const keep = (fault: string | undefined) => fault !== undefined && failures.push(fault)
  const missing = statusWriter(join(directory, 'missing'), keep)
  missing.write(status('one'))
  await missing.flush()
  assert.is(failures.length, 1)
})

test.run()
