/** What the cases work with: cards, machines that start from them, and what is to be found there. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { makeCard, ROOT_START_MIB, readAt } from '../../card/card.ts'
import type { Case, Steps } from '../../case.ts'
import type { Board } from '../../machine/boards.ts'
import type { Machine } from '../../machine/machine.ts'
import { startQemu } from '../../machine/qemu.ts'

export const MIB = 1_048_576
export const ROOT_MIB = 600
export const CARD_MIB = 1536
export const FACTS = '/run/oobm-appliance'
/** The test's shell is there earlier than most. */
export const SETTLED = 'until systemctl -q is-active multi-user.target; do sleep 1; done'

/** What all cases share. */
export interface Stage {
  /** Where `make-tree` left what a card is made of. */
  boot: string
  board: Board
}

/** A case that is one step. */
export function oneStep(name: string, run: (bench: Bench) => Promise<string | undefined>): Case<Stage> {
  return { name, run: (stage, steps) => run(makeBench(stage, steps)) }
}

export interface Bench {
  /** Of this case alone. */
  readonly folder: string
  /** A card as it is after flashing: its file. */
  flashedCard(): Promise<string>
  /** @returns at once; its plug is pulled at the end of the case, if it still runs */
  powerOn(card: string, options?: PowerOptions): Promise<Machine>
  /** @returns when the shell in it answers */
  start(card: string, options?: PowerOptions): Promise<Machine>
}

export interface PowerOptions {
  readOnlyCard?: boolean
}

export function makeBench({ boot, board }: Stage, { folder, cleanup }: Steps): Bench {
  let starts = 0
  const powerOn: Bench['powerOn'] = async (card, options) => {
    const directory = join(folder, `start-${++starts}`)
    const machine = await startQemu({ board, boot, card, directory, ...options })
    cleanup(machine.cutPower)
    return machine
  }
  return {
    folder,
    flashedCard: async () => {
      const card = join(folder, 'card.img')
      await makeCard(card, { root: join(boot, 'root.ext4'), rootMib: ROOT_MIB, sizeMib: CARD_MIB })
      return card
    },
    powerOn,
    start: async (card, options) => {
      const machine = await powerOn(card, options)
      await machine.untilUp()
      return machine
    },
  }
}

/** @throws where it is another */
export function expect(what: string, found: unknown, wanted: unknown) {
  if (found !== wanted)
    throw new Error(`${what}: ${JSON.stringify(found)} where ${JSON.stringify(wanted)} was expected`)
}

export async function expectFacts(machine: Machine, data: string, generation = '0') {
  expect('data', await machine.sh(`cat ${FACTS}/data`), data)
  expect('generation', await machine.sh(`cat ${FACTS}/generation`), generation)
}

export async function switchOff(machine: Machine) {
  // The answer may be lost with the machine.
  machine.sh('systemctl poweroff').catch(() => {})
  await machine.untilOff()
}

/** Of the root partition, which nothing may ever write. */
export function rootHash(card: string): string {
  return createHash('sha256')
    .update(readAt(card, ROOT_START_MIB * MIB, ROOT_MIB * MIB))
    .digest('hex')
}
