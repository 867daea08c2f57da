import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { suite } from '../../tools/suite.ts'
import type { Mood } from './testing/fake-connection.ts'
import { FAULTS, type Fault, type FaultName, type History, live } from './testing/history.ts'

const test = suite('random histories')

/** How many; the full number is `OOBM_HISTORIES=10000`, and a failing one runs alone with the seed and path that it printed. */
const RUNS = Number(process.env.OOBM_HISTORIES ?? 10_000)
const SEED = Number(process.env.OOBM_SEED ?? 20_261_126)

/** Milliseconds for all of them; on an idle machine they take one minute. */
const TIME_MS = 180_000
/** Fewer than these prove nothing. */
const LEAST = 1_000

const MOODS: Mood[] = ['answers', 'late', 'too late', 'wrong', 'fails', 'closes', 'never', 'hangs']

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
  `what must hold holds in ${RUNS} histories, or in as many as the time allows`,
  async () => {
    let lived = 0
    const property = fc.asyncProperty(history, async drawn => {
      const broken = await live(drawn)
      if (broken !== undefined) throw new Error(broken)
      lived++
    })
    await fc.assert(property, {
      numRuns: RUNS,
      seed: SEED,
      includeErrorInReport: true,
      // A machine with more to do than this gets through fewer; a failure shrinks for as long at the most.
      interruptAfterTimeLimit: TIME_MS,
      markInterruptAsFailure: false,
      ...(process.env.OOBM_PATH === undefined ? {} : { path: process.env.OOBM_PATH }),
    })
    if (lived < RUNS) process.stdout.write(`lived through ${lived} histories in ${TIME_MS / 1000} s\n`)
    assert.ok(lived >= Math.min(RUNS, LEAST), `${lived} histories`)
  },
  { timeoutMs: TIME_MS + 60_000 },
)

test.run()
