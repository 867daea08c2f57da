/** The data partition: made, kept, mended, grown, or gone. */
import { statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../../../testbed/run-program.ts'
import { dataPartition, readAt, spoilData } from '../../card/card.ts'
import type { Case } from '../../case.ts'
import {
  type Bench,
  CARD_MIB,
  expect,
  expectFacts,
  FACTS,
  MIB,
  oneStep,
  ROOT_MIB,
  rootHash,
  SETTLED,
  type Stage,
  switchOff,
} from './bench.ts'

export const DATA_CASES: readonly Case<Stage>[] = [
  oneStep('first start makes the data partition, second one keeps it', keeps),
  oneStep('a faulty data partition', mends),
  oneStep('a larger card', grows),
  oneStep('a card that takes no more writes', worn),
]

async function keeps(bench: Bench) {
  const card = await bench.flashedCard()
  const asFlashed = rootHash(card)
  let machine = await bench.start(card)
  await expectFacts(machine, 'made')
  expect('what the image brings', await machine.sh('cat /etc/oobm/seed'), 'from-the-image')
  expect('its mode', await machine.sh('stat -c %a /etc/oobm/seed'), '640')
  expect('/', await machine.sh('findmnt -no FSTYPE /'), 'overlay')
  expect('/data', await machine.sh('findmnt -no FSTYPE /data'), 'ext4')
  expect('/data, its mode', await machine.sh('stat -c %a /data'), '700')
  expect('the image stays in sight', await machine.sh(`findmnt -no OPTIONS ${FACTS}/image | cut -d, -f1`), 'ro')
  const id = await machine.sh('cat /etc/machine-id')
  expect(
    'systemd knows it',
    await machine.sh('journalctl -q -n 1 -o json | grep -o "_MACHINE_ID\\":\\"[0-9a-f]*" | cut -c15-'),
    id,
  )
  await machine.sh('echo kept >/etc/oobm/device.toml; echo gone >/etc/gone; sync')
  await machine.sh('systemctl start systemd-random-seed; sync')
  await switchOff(machine)
  machine = await bench.start(card)
  await expectFacts(machine, 'ok')
  expect('machine-id', await machine.sh('cat /etc/machine-id'), id)
  expect('a setting', await machine.sh('cat /etc/oobm/device.toml'), 'kept')
  expect('something else', await machine.sh('test -e /etc/gone || echo not there'), 'not there')
  expect('a random seed', await machine.sh('test -s /data/kept/random-seed && echo there'), 'there')
  await machine.sh(SETTLED)
  expect('failed units', await machine.sh('systemctl --failed --no-legend --plain | cut -d" " -f1'), '')
  await machine.cutPower()
  expect('the root partition after it all', rootHash(card), asFlashed)
  machine = await bench.start(card)
  await expectFacts(machine, 'ok')
  return undefined
}

async function mends(bench: Bench) {
  const card = await usedCard(bench)
  await spoilData(card, 0, Buffer.alloc(4096))
  let machine = await bench.start(card)
  await expectFacts(machine, 'repaired')
  expect('a setting', await machine.sh('cat /etc/oobm/device.toml'), 'kept')
  await machine.cutPower()
  const { sizeBytes } = (await dataPartition(card)) ?? { sizeBytes: 0 }
  await spoilData(card, 0, Buffer.alloc(sizeBytes, 'garbage '))
  machine = await bench.start(card)
  await expectFacts(machine, 'made')
  expect('a setting', await machine.sh('test -e /etc/oobm/device.toml || echo not there'), 'not there')
  await switchOff(machine)
  const foreign = join(bench.folder, 'fat')
  await runProgram('mkfs.vfat', ['-C', foreign, '65536'])
  const fat = readAt(foreign, 0, statSync(foreign).size)
  await spoilData(card, 0, Buffer.alloc(sizeBytes))
  await spoilData(card, 0, fat)
  machine = await bench.start(card)
  await expectFacts(machine, 'lost')
  expect('/data', await machine.sh('findmnt -no FSTYPE /data'), 'tmpfs')
  await machine.cutPower()
  const { startBytes } = (await dataPartition(card)) ?? { startBytes: 0 }
  expect('somebody else’s file system', readAt(card, startBytes, fat.length).equals(fat), true)
  return 'superblock zeroed: repaired; garbage: made again; FAT: lost, left as it is'
}

async function grows(bench: Bench) {
  const card = await usedCard(bench)
  truncateSync(card, 2 * CARD_MIB * MIB)
  let machine = await bench.powerOn(card)
  await machine.untilPrints(/growing the data partition/)
  await machine.cutPower()
  machine = await bench.start(card)
  const mib = Number(await machine.sh('df --output=size -BM /data | tail -n 1 | tr -dc 0-9'))
  if (mib < 2 * CARD_MIB - ROOT_MIB - 150) throw new Error(`/data has ${mib} MiB`)
  expect('a setting', await machine.sh('cat /etc/oobm/device.toml'), 'kept')
  return `cut while it grew; then ${mib} MiB`
}

async function worn(bench: Bench) {
  const card = await usedCard(bench)
  const machine = await bench.start(card, { readOnlyCard: true })
  await expectFacts(machine, 'lost')
  expect('a setting', await machine.sh('cat /etc/oobm/device.toml'), 'kept')
  await machine.sh('echo changed >/etc/oobm/device.toml')
  expect('why', await machine.sh(`cat ${FACTS}/why`), '/dev/vda accepts no more writes')
  return undefined
}

/** A card that started once and has a setting. */
async function usedCard(bench: Bench): Promise<string> {
  const card = await bench.flashedCard()
  const machine = await bench.start(card)
  await machine.sh('echo kept >/etc/oobm/device.toml; sync')
  await switchOff(machine)
  return card
}
