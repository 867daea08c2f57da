/** The power goes at every step by which a start changes the card; the next start is whole. */
import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { copyCard, dataPartition } from '../card/card.ts'
import { cardSuite, type LoopCard, makeLoopCard, type Started } from './loop-card.ts'

const test = await cardSuite('power cuts')
const MIB = 1_048_576
const CARD_MIB = 160
const SLOW = { timeoutMs: 280_000 }

test(
  'at every step of the first start',
  async context => {
    const card = await makeLoopCard(context, CARD_MIB)
    const steps = await cutEverywhere(card, ({ facts, said, log }) => {
      assert.ok(['made', 'ok', 'repaired'].includes(facts.data ?? ''), log)
      assert.is(said, 'from the image', log)
    })
    assert.ok(steps > 20, `${steps} steps`)
  },
  SLOW,
)

test(
  'at every step of a start that finds a larger card',
  async context => {
    const card = await makeLoopCard(context, CARD_MIB)
    await card.start('echo kept >"$S/etc/oobm/seed"')
    truncateSync(card.path, 2 * CARD_MIB * MIB)
    const steps = await cutEverywhere(card, async ({ facts, said, log }) => {
      assert.ok(['ok', 'repaired'].includes(facts.data ?? ''), log)
      assert.is(said, 'kept', log)
      // Its file system follows where the kernel lets root grow it: `make appliance-test`.
      const { startBytes = 0, sizeBytes = 0 } = (await dataPartition(card.path)) ?? {}
      assert.is(startBytes + sizeBytes, 2 * CARD_MIB * MIB)
    })
    assert.ok(steps > 3, `${steps} steps`)
  },
  SLOW,
)

/** For each step a card as it is now, a start that ends there, and one that does not, which `check` holds to what is wanted. */
async function cutEverywhere(card: LoopCard, check: (started: Started) => unknown): Promise<number> {
  const before = join(card.folder, 'before.img')
  await copyCard(card.path, before)
  for (let step = 1; ; step++) {
    await copyCard(before, card.path)
    const { cut } = await card.start(':', { cutAt: step })
    if (!cut) return step - 1
    await check(await card.start('cat "$S/etc/oobm/seed"'))
  }
}

test.run()
