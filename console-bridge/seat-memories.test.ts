import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Clock } from '../runtime/clock.ts'
import { silentLog } from '../runtime/log.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import type { Remembered } from './console/remembered.ts'
import { seatMemories } from './seat-memories.ts'
import { quickClock } from './testing/quick-clock.ts'

const test = suite('seat memories')
const everybody = () => true
const alice = { technician: 'alice', role: 'operator', from: '192.0.2.7:1' } as const
const of = (at: number, ...more: Remembered['seats']): Remembered => ({
  seats: [{ person: alice, viewOnly: false, wrote: true }, ...more],
  lastTyped: { person: { ...alice, via: 'relay' }, at },
  at,
})

test('writes what changed, and at the end the times', async context => {
  const file = join(await scratchDirectory(context), 'seats.json')
  const quick = quickClock()
  let waits = 0
  const clock: Clock = {
    ...quick,
    sleep: (ms, signal) => {
      waits++
      return quick.sleep(ms, signal)
    },
  }
  const open = () => seatMemories(file, clock, silentLog)
  const first = await open()
  assert.is(first.of('sw1', everybody).before, undefined)
  first.of('sw1', everybody).put(of(1))
  await waitFor('the file', async () => (await open()).of('sw1', everybody).before)
  assert.equal((await open()).of('sw1', everybody).before, of(1))
  first.of('sw1', everybody).put(of(2))
  assert.is(waits, 1, 'another time alone is no reason to write')
  await first.close()
  const second = await open()
  assert.equal(second.of('sw1', everybody).before, of(2))
  assert.is(second.of('constructor', everybody).before, undefined)
  second.of('sw2', everybody).put(of(3, { person: alice, viewOnly: true, wrote: false }))
  await second.close()
  assert.equal(Object.keys(JSON.parse(await readFile(file, 'utf8')).consoles), ['sw1', 'sw2'])
})

test('keeps no place for whom the settings of now let in no more, but knows that they typed last', async context => {
  const file = join(await scratchDirectory(context), 'seats.json')
  const first = await seatMemories(file, quickClock(), silentLog)
  const bob = { ...alice, technician: 'bob' }
  first.of('sw1', everybody).put(of(1, { person: bob, viewOnly: false, wrote: false }))
  await first.close()
  const second = await seatMemories(file, quickClock(), silentLog)
  const { before } = second.of('sw1', ({ technician }) => technician !== 'alice')
  assert.equal(
    before?.seats.map(({ person }) => person.technician),
    ['bob'],
  )
  assert.is(before?.lastTyped?.person.technician, 'alice')
})

test('a console that is gone is forgotten', async context => {
  const file = join(await scratchDirectory(context), 'seats.json')
  const first = await seatMemories(file, quickClock(), silentLog)
  for (const name of ['sw1', 'gone']) first.of(name, everybody).put(of(1))
  await first.close()
  const second = await seatMemories(file, quickClock(), silentLog)
  second.of('sw1', everybody)
  await second.close()
  assert.equal(Object.keys(JSON.parse(await readFile(file, 'utf8')).consoles), ['sw1'])
})

test('a file that cannot be read is nobody', async context => {
  const file = join(await scratchDirectory(context), 'seats.json')
  for (const text of [
    '',
    '{',
    '{"version":2,"consoles":{}}',
    '{"version":1,"consoles":{"sw1":{"seats":[{}],"at":1}}}',
  ]) {
    await writeFile(file, text)
    assert.is((await seatMemories(file, quickClock(), silentLog)).of('sw1', everybody).before, undefined, text)
  }
})

test.run()
