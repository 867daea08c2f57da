import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { consoleSchema } from '../formats/console-settings.ts'
import type { DeviceConfig } from '../formats/device-config.ts'
import type { Clock } from '../runtime/clock.ts'
import { silentLog } from '../runtime/log.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import type { Remembered } from './console/remembered.ts'
import { roleNow, seatMemories } from './seat-memories.ts'
import { quickClock } from './testing/quick-clock.ts'

const test = suite('seat memories')
const everybody = () => 'operator' as const
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
  const { before } = second.of('sw1', ({ technician }) => (technician === 'alice' ? undefined : 'operator'))
  assert.equal(
    before?.seats.map(({ person }) => person.technician),
    ['bob'],
  )
  assert.is(before?.lastTyped?.person.technician, 'alice')
})

test('keeps the keyboard for nobody whom the settings of now only let watch', async context => {
  const file = join(await scratchDirectory(context), 'seats.json')
  const first = await seatMemories(file, quickClock(), silentLog)
  first.of('sw1', everybody).put(of(1))
  await first.close()
  const second = await seatMemories(file, quickClock(), silentLog)
  const { before } = second.of('sw1', () => 'observer')
  assert.equal(before?.seats, [{ person: { ...alice, role: 'observer' }, viewOnly: false, wrote: false }])
})

test('the role of now is that of the settings, for the consoles that they open', () => {
  const console = consoleSchema.parse({ name: 'sw1', path: '/dev/x' })
  const technician = (settings: object) =>
    ({ technicians: [{ name: 'alice', ...settings }] }) as unknown as DeviceConfig
  assert.is(roleNow(technician({ role: 'observer' }), console, alice), 'observer')
  assert.is(roleNow(technician({ role: 'operator', consoles: ['sw1'] }), console, alice), 'operator')
  assert.is(roleNow(technician({ role: 'operator', consoles: ['sw2'] }), console, alice), undefined)
  assert.is(roleNow(technician({ role: 'operator' }), console, { ...alice, technician: 'bob' }), undefined)
  assert.is(roleNow(technician({ role: 'observer' }), console, { ...alice, via: 'shell' }), 'operator')
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
    '{"version":1,"consoles":{"sw1":{"seats":[],"at":9000000000000000}}}',
    '{"version":1,"consoles":{"sw1":{"seats":[],"at":-1}}}',
  ]) {
    await writeFile(file, text)
    assert.is((await seatMemories(file, quickClock(), silentLog)).of('sw1', everybody).before, undefined, text)
  }
})

test.run()
