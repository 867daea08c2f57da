/** What a power cut must leave of the appliance's card: a first start that makes its data partition. */
import { join } from 'node:path'
import { copyCard } from '../../card/card.ts'
import type { Target } from '../power-cuts.ts'
import { type Bench, expect, FACTS } from './bench.ts'

export async function applianceTarget(bench: Bench): Promise<Target> {
  const fresh = await bench.flashedCard()
  const card = join(bench.folder, 'cut.img')
  return {
    powerOn: () => bench.powerOn(card),
    measure: async () => {
      await copyCard(fresh, card)
      const machine = await bench.powerOn(card)
      await machine.untilPrints(/Run \/init/)
      const initMs = performance.now()
      await machine.untilPrints(/making the data partition/)
      const makingMs = performance.now()
      await machine.untilUp()
      const upMs = performance.now()
      await machine.cutPower()
      return { init: upMs - initMs, 'making the data partition': upMs - makingMs }
    },
    // Two starts of each card are cut; the second time there may be nothing to make.
    prepare: async cut => {
      await copyCard(fresh, card)
      return { what: 'first start', cuts: [cut % 2 === 0 ? 'making the data partition' : 'init', 'init'] }
    },
    startWhole: async () => {
      const machine = await bench.start(card)
      const data = await machine.sh(`cat ${FACTS}/data`)
      if (!['ok', 'made', 'repaired'].includes(data))
        throw new Error(`data is ${data}\n${machine.printed().slice(-3000)}`)
      expect('what the image brings', await machine.sh('cat /etc/oobm/seed'), 'from-the-image')
      expect('its data partition', await machine.sh('findmnt -no FSTYPE /data'), 'ext4')
      expect('machine-id', await machine.sh('grep -cE "^[0-9a-f]{32}$" /data/kept/machine-id'), '1')
      await machine.cutPower()
      return { found: `data is ${data}` }
    },
  }
}
