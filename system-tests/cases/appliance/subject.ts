/** `appliance`: a small Debian with the appliance's files on a PC, through everything that a card meets in the field. */
import { join } from 'node:path'
import { runProgram } from '../../../testbed/run-program.ts'
import type { Subject } from '../../case.ts'
import { boardOf, hasKvm } from '../../machine/boards.ts'
import { powerCuts } from '../power-cuts.ts'
import { makeBench, type Stage } from './bench.ts'
import { DATA_CASES } from './data.ts'
import { applianceTarget } from './power-cuts.ts'
import { UPGRADE_CASES } from './upgrades.ts'

const CACHE = join(import.meta.dirname, '../../../build/appliance')

export const APPLIANCE: Subject<Stage> = {
  name: 'appliance',
  about: 'what keeps the data and the system of a card, on a small Debian: first starts, faults, upgrades, power cuts',
  on: ['vm'],
  cases: ({ cuts }) => [
    ...DATA_CASES,
    ...UPGRADE_CASES,
    powerCuts(cuts, (stage, steps) => applianceTarget(makeBench(stage, steps))),
  ],
  setUp: async () => {
    const { code, stdout, stderr } = await runProgram(join(import.meta.dirname, 'make-tree'), [CACHE], {
      timeoutMs: 1_200_000,
    })
    if (code !== 0) throw new Error(`make-tree: exit ${code}\n${stdout}${stderr}`)
    return { boot: CACHE, board: boardOf('pc', hasKvm()) }
  },
}
