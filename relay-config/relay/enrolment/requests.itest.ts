import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite } from '../../../testbed/suite.ts'
import type { StatePaths } from '../state/state-paths.ts'
import { REQUESTS_MAX, readRequests } from './requests.ts'

const test = suite('requests of new boards')

test('an enrolment with too many, as one that was closed, hides those of no other', async context => {
  const enrolments = await scratchDirectory(context)
  const ask = async (site: string, count: number) => {
    await mkdir(join(enrolments, site))
    const ids = Array.from({ length: count }, (_, at) => at.toString(16).padStart(64, '0'))
    for (const id of ids) await writeFile(join(enrolments, site, `${id}.request`), site)
  }
  await ask('closed', REQUESTS_MAX + 1)
  await ask('tokyo', 3)
  await ask('NOT A NAME', 1)
  await writeFile(join(enrolments, 'tokyo', `${'0'.repeat(64)}.rejected`), '')
  await writeFile(join(enrolments, 'tokyo', 'key'), 'KEY\n')
  const found = await readRequests({ enrolments } as StatePaths)
  assert.is(found.length, REQUESTS_MAX)
  const tokyo = found.slice(-3)
  assert.equal(
    tokyo.map(({ site, key, rejected, text }) => [site, key, rejected, text]),
    [true, false, false].map(rejected => ['tokyo', 'KEY', rejected, 'tokyo']),
  )
  assert.equal([...new Set(found.map(({ site }) => site))], ['closed', 'tokyo'])
})

test.run()
