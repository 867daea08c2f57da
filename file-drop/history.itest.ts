/** The history on a disk: bounded, whoever asks how often. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { HISTORY_BYTES } from '../formats/file-drop.ts'
import { systemClock } from '../runtime/clock.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { openHistory } from './history.ts'

const test = suite('history of the file drop')

async function history(context: TestContext) {
  const folder = await scratchDirectory(context)
  const errors: unknown[] = []
  const opened = openHistory({ folder, clock: systemClock, signal: context.signal, onError: err => errors.push(err) })
  return {
    folder,
    opened,
    errors,
    lines: async () => (await readFile(join(folder, 'equipment.jsonl'), 'utf8')).trim().split('\n'),
  }
}
const took = { how: 'tftp', who: '10.9.0.2', what: 'took', bytes: 5, whole: true } as const
const refused = { how: 'http', who: '10.9.0.3', file: 'x', what: 'refused', bytes: null, whole: null } as const

test('has one line for each transfer, and obeys no name', async context => {
  const { opened, lines } = await history(context)
  opened.add({ ...took, file: 'a\x1b[2J\nb' })
  await opened.flush()
  const [line = ''] = await lines()
  assert.match(line, /^[ -~]+$/)
  assert.is(JSON.parse(line).file, 'a?[2J?b')
})

test('counts the refusals of a flood, and keeps the transfers in it', async context => {
  const { opened, lines } = await history(context)
  for (let number = 0; number < 1_000; number++) opened.add(refused)
  opened.add({ ...took, file: 'ios.bin' })
  await opened.flush()
  const found = (await lines()).map(line => JSON.parse(line))
  assert.is(found.length, 12)
  assert.is(found.filter(({ file }) => file === 'ios.bin').length, 1)
  assert.match(found.at(-1).why, '990 more refusals')
})

test('has two files of a bounded size', async context => {
  const { folder, opened, errors } = await history(context)
  for (let turn = 0; turn < 60; turn++) {
    for (let number = 0; number < 150; number++) opened.add({ ...took, file: 'f'.repeat(150) })
    await opened.flush()
  }
  assert.equal((await readdir(folder)).sort(), ['equipment.1.jsonl', 'equipment.jsonl'])
  for (const name of await readdir(folder)) assert.ok((await stat(join(folder, name))).size <= HISTORY_BYTES)
  assert.equal(errors, [])
})

test.run()
