/** Upgrades: confirmed, undone, not proved, cut. */
import type { Case } from '../../case.ts'
import { type Bench, expect, expectFacts, FACTS, oneStep, rootHash, SETTLED, type Stage } from './bench.ts'

const UPGRADE = '/usr/lib/oobm-appliance/upgrade'
const VERSION = 'cat /usr/share/oobm-probe/version'
/** There is no supervisor on this card: this stands for an `oobm` that finds the system proved. */
const PROOF = `printf '#!/bin/sh\\n[ "$*" = "status --proved" ]\\n' >/usr/bin/oobm; chmod +x /usr/bin/oobm`

export const UPGRADE_CASES: readonly Case<Stage>[] = [
  oneStep('upgrade from a file: trial, confirmed, undone', upgrades),
  oneStep('upgrade from a mirror: not proved, falls back', fallsBack),
  oneStep('power cut in a trial: falls back', cutInTrial),
]

async function upgrades(bench: Bench) {
  const card = await bench.flashedCard()
  const asFlashed = rootHash(card)
  let machine = await bench.start(card)
  await machine.sh(SETTLED)
  // Who asked for it is gone with the connection, as soon as it is being made.
  const hangUp = 'until systemctl -q is-active oobm-upgrade; do sleep 1; done; kill -HUP -- "-$!"'
  machine.sh(`setsid ${UPGRADE} /srv/oobm-probe_3_all.deb >/dev/kmsg 2>&1 & ${hangUp}`).catch(() => {})
  await machine.untilOff()
  machine = await bench.start(card)
  await expectFacts(machine, 'ok', '1')
  expect('on trial', await machine.sh(`cat ${FACTS}/trial`), '1')
  expect('version', await machine.sh(VERSION), '3')
  await machine.sh(PROOF)
  await machine.untilPrints(/generation 1 has proved itself/)
  await machine.cutPower()
  machine = await bench.start(card)
  await expectFacts(machine, 'ok', '1')
  expect('no trial', await machine.sh(`test -e ${FACTS}/trial || echo none`), 'none')
  await machine.sh(SETTLED)
  const list = await machine.sh(`${UPGRADE} --list`)
  if (!/^1, confirmed, running$/m.test(list)) throw new Error(list)
  machine.sh(`${UPGRADE} --undo >/dev/kmsg 2>&1`).catch(() => {})
  await machine.untilOff()
  machine = await bench.start(card)
  await expectFacts(machine, 'ok', '0')
  expect('on trial', await machine.sh(`cat ${FACTS}/trial`), '0')
  expect('version', await machine.sh(VERSION), '1')
  await machine.sh(PROOF)
  await machine.untilPrints(/generation 0 has proved itself/)
  expect('the root partition after it all', rootHash(card), asFlashed)
  return undefined
}

async function fallsBack(bench: Bench) {
  const card = await withTrial(bench)
  let machine = await bench.start(card)
  await expectFacts(machine, 'ok', '1')
  expect('version', await machine.sh(VERSION), '2')
  await machine.untilOff()
  machine = await bench.start(card)
  await expectFacts(machine, 'ok', '0')
  expect('fallen', await machine.sh(`cat ${FACTS}/fallen`), '1')
  expect('version', await machine.sh(VERSION), '1')
  return undefined
}

async function cutInTrial(bench: Bench) {
  const card = await withTrial(bench)
  let machine = await bench.powerOn(card)
  await machine.untilPrints(/generation 1 starts on trial/)
  await machine.cutPower()
  machine = await bench.start(card)
  await expectFacts(machine, 'ok', '0')
  expect('fallen', await machine.sh(`cat ${FACTS}/fallen`), '1')
  return undefined
}

/** A card with a generation that is to start on trial next. */
async function withTrial(bench: Bench): Promise<string> {
  const card = await bench.flashedCard()
  const machine = await bench.start(card)
  await machine.sh(SETTLED)
  machine.sh(`${UPGRADE} --distribution >/dev/kmsg 2>&1`).catch(() => {})
  await machine.untilOff()
  return card
}
