import fc from 'fast-check'
import { suite } from '../../tools/suite.ts'
import type { Mood } from './testing/fake-connection.ts'
import { FAULTS, type Fault, type FaultName, type History, live } from './testing/history.ts'

const test = suite('random histories')

/** How many; the full number is `OOBM_HISTORIES=10000`, and a failing one runs alone with the seed and path that it printed. */
const RUNS = Number(process.env.OOBM_HISTORIES ?? 10_000)
const SEED = Number(process.env.OOBM_SEED ?? 20_261_126)

const MOODS: Mood[] = ['answers', 'late', 'wrong', 'fails', 'closes', 'never', 'hangs']

const fault: fc.Arbitrary<Fault> = fc.record({
  name: fc.constantFrom(...(Object.keys(FAULTS) as FaultName[])),
  atMs: fc.integer({ min: 0, max: 120_000 }),
  forMs: fc.integer({ min: 100, max: 80_000 }),
  relay: fc.integer({ min: 0, max: 1 }),
  moods: fc.array(fc.constantFrom(...MOODS), { maxLength: 12 }),
})

const history: fc.Arbitrary<History> = fc.record({
  relays: fc.integer({ min: 1, max: 2 }),
  faults: fc.array(fault, { minLength: 1, maxLength: 4 }),
  seed: fc.integer(),
})

test(
  `everything that must hold holds in ${RUNS} histories`,
  async () => {
    const property = fc.asyncProperty(history, async drawn => {
      const broken = await live(drawn)
      if (broken !== undefined) throw new Error(broken)
    })
    await fc.assert(property, {
      numRuns: RUNS,
      seed: SEED,
      includeErrorInReport: true,
      ...(process.env.OOBM_PATH === undefined ? {} : { path: process.env.OOBM_PATH }),
    })
  },
  { timeoutMs: 600_000 },
)

test.run()
