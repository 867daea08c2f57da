/** The data partition on real block devices: made, kept, mended, and never taken from somebody. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../../testbed/run-program.ts'
import { dataPartition, ROOT_START_MIB, readAt, spoilData } from '../card/card.ts'
import { cardSuite, makeLoopCard } from './loop-card.ts'

const test = await cardSuite('data partition')
const MIB = 1_048_576
const SETTING = 'echo kept >"$S/etc/oobm/device.toml"'

test('the first start makes it, and the second one finds what the first one wrote', async context => {
  const card = await makeLoopCard(context)
  const root = readAt(card.path, ROOT_START_MIB * MIB, 16 * MIB)
  const first = await card.start(`${SETTING}; cat "$S/etc/machine-id"; stat -c %a "$S/etc/oobm/seed" "$S/data"`)
  assert.is(first.facts.data, 'made')
  assert.is(first.facts.generation, '0')
  const [id, ...modes] = first.said.split('\n')
  assert.match(id ?? '', /^[0-9a-f]{32}$/)
  assert.equal(modes, ['640', '700'])
  const second = await card.start('cat "$S/etc/machine-id" "$S/etc/oobm/device.toml" "$S/etc/oobm/seed"')
  assert.is(second.facts.data, 'ok', second.log)
  assert.equal(second.said.split('\n'), [id, 'kept', 'from the image'])
  assert.is((await dataPartition(card.path))?.type, '83')
  assert.ok(readAt(card.path, ROOT_START_MIB * MIB, 16 * MIB).equals(root), 'the root partition is as it was flashed')
})

test('without its first superblocks it is repaired from another one', async context => {
  const card = await makeLoopCard(context)
  await card.start(SETTING)
  for (const spoiled of [[0], [0, 32_768]]) {
    for (const block of spoiled) await spoilData(card.path, block * 4096, Buffer.alloc(4096))
    const { facts, said } = await card.start('cat "$S/etc/oobm/device.toml"')
    assert.is(facts.data, 'repaired')
    assert.is(said, 'kept')
  }
  assert.is((await card.start()).facts.data, 'ok')
})

test('full of garbage it is made again', async context => {
  const card = await makeLoopCard(context)
  await card.start(SETTING)
  const size = (await dataPartition(card.path))?.sizeBytes ?? 0
  await spoilData(card.path, 0, Buffer.alloc(size, 'garbage '))
  const { facts, said } = await card.start('ls "$S/etc/oobm"')
  assert.is(facts.data, 'made')
  assert.is(said, 'seed')
  assert.is((await card.start()).facts.data, 'ok')
})

test('one that was never complete is made again, whatever is in it', async context => {
  const card = await makeLoopCard(context)
  await card.start(SETTING)
  assert.is((await runProgram('sfdisk', ['--quiet', '--part-type', card.path, '3', 'da'])).code, 0)
  const { facts, said } = await card.start('ls "$S/etc/oobm"')
  assert.is(facts.data, 'made')
  assert.is(said, 'seed')
  assert.is((await dataPartition(card.path))?.type, '83')
})

test('another file system in its place is left alone', async context => {
  const card = await makeLoopCard(context)
  await card.start()
  const { sizeBytes = 0, startBytes = 0 } = (await dataPartition(card.path)) ?? {}
  await spoilData(card.path, 0, Buffer.alloc(sizeBytes))
  const swap = join(card.folder, 'swap')
  await writeFile(swap, Buffer.alloc(MIB))
  await runProgram('mkswap', [swap])
  await spoilData(card.path, 0, readAt(swap, 0, MIB))
  const { facts, said, log } = await card.start('cat "$S/etc/oobm/seed"; findmnt -no FSTYPE "$S/data"')
  assert.is(facts.data, 'lost', log)
  assert.match(facts.why ?? '', /foreign data \(swap\)/)
  assert.equal(said.split('\n'), ['from the image', 'tmpfs'])
  assert.ok(readAt(card.path, startBytes, MIB).equals(readAt(swap, 0, MIB)), 'it is as it was')
})

test('a card that takes no writes still has its configuration', async context => {
  const card = await makeLoopCard(context)
  await card.start(SETTING)
  const { facts, said, log } = await card.start('cat "$S/etc/oobm/device.toml"; echo new >"$S/etc/oobm/device.toml"', {
    readOnly: true,
  })
  assert.is(facts.data, 'lost', log)
  assert.is(said, 'kept', log)
  assert.is((await card.start('cat "$S/etc/oobm/device.toml"')).said, 'kept')
})

test('a card without room for it starts all the same', async context => {
  const card = await makeLoopCard(context, 60)
  const { facts, said } = await card.start('cat "$S/etc/oobm/seed"')
  assert.is(facts.data, 'lost')
  assert.match(facts.why ?? '', /no room for a data partition: 24 MiB are free/)
  assert.is(said, 'from the image')
  assert.is(await dataPartition(card.path), undefined)
})

test('full to the last byte, it still starts, and settings are whole', async context => {
  const card = await makeLoopCard(context, 160)
  await card.start(`${SETTING}; cat /dev/zero >"$S/data/filler" 2>/dev/null || :`)
  const { facts, said, log } = await card.start('cat "$S/etc/oobm/device.toml"; cat "$S/etc/machine-id" | wc -c')
  assert.is(facts.data, 'ok', log)
  assert.equal(said.split('\n'), ['kept', '33'])
})

test('without looking at the card, when all else failed', async context => {
  const card = await makeLoopCard(context)
  await card.start(SETTING)
  const { facts, said } = await card.start('cat "$S/etc/oobm/seed"; ls "$S/etc/oobm"', { withoutData: true })
  assert.is(facts.data, 'lost')
  assert.equal(said.split('\n'), ['from the image', 'seed'])
})

test('a home goes with its account, whatever its number is now', async context => {
  const card = await makeLoopCard(context)
  await card.start('chown -R 77:77 "$S/home/oobm"; echo mine >"$S/home/oobm/.profile"')
  const { said } = await card.start('stat -c %u:%g "$S/home/oobm" "$S/home/oobm/.profile"')
  assert.equal(said.split('\n'), ['1234:1235', '1234:1235'])
})

// e2fsck(8): 1 and 2 are faults that are repaired, 4 is faults that are left, 8 and more are faults of its own.
for (const [automatic, thorough, wanted] of [
  [0, 0, 'ok'],
  [1, 0, 'repaired'],
  [2, 0, 'repaired'],
  [4, 1, 'repaired'],
  [4, 2, 'repaired'],
  [8, 1, 'repaired'],
  [4, 4, 'lost'],
  [12, 8, 'lost'],
] as const) {
  test(`a check that ends with ${automatic}, and a repair that ends with ${thorough}: ${wanted}`, async context => {
    const card = await makeLoopCard(context)
    await card.start(SETTING)
    const tools = join(card.folder, 'tools')
    await mkdir(tools)
    const program = `#!/bin/sh\ncase $1 in -p) exit ${automatic} ;; *) exit ${thorough} ;; esac\n`
    await writeFile(join(tools, 'e2fsck'), program, { mode: 0o755 })
    const { facts, said, log } = await card.start('cat "$S/etc/oobm/device.toml"', { tools })
    assert.is(facts.data, wanted, log)
    // What can still be read is used as it stands.
    assert.is(said, 'kept')
    if (wanted === 'lost') assert.match(facts.why ?? '', /the file system of \S+ cannot be repaired/)
  })
}

test('nothing on it is a device, or gets rights by its mode; and a fault of the card is the end of writing', async context => {
  const card = await makeLoopCard(context)
  const { said } = await card.start('findmnt -no OPTIONS "$S/data"')
  const options = said.split(',')
  for (const wanted of ['rw', 'nosuid', 'nodev', 'noatime', 'errors=remount-ro', 'commit=30']) {
    assert.ok(options.includes(wanted), `${wanted} in ${said}`)
  }
})

test.run()
