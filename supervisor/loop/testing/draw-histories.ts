/** Draws random histories and lives through them; a failing one is shrunk. A process of its own too, since one processor is not enough. */
import fc from 'fast-check'
import type { Mood } from './fake-connection.ts'
import { FAULTS, type Fault, type FaultName, type History, live } from './history.ts'

export interface Draw {
  runs: number
  seed: number
  /** Of a failing one, as it was printed: that one alone. */
  path: string | undefined
  /** Milliseconds for all of them, and for the shrinking. */
  timeMs: number
}

export interface Drawn {
  /** Histories that were lived through. */
  lived: number
  /** What did not hold, with seed and path. */
  broken: string | undefined
}

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

export async function drawHistories({ runs, seed, path, timeMs }: Draw): Promise<Drawn> {
  let lived = 0
  const property = fc.asyncProperty(history, async drawn => {
    const broken = await live(drawn)
    if (broken !== undefined) throw new Error(broken)
    lived++
  })
  try {
    await fc.assert(property, {
      ...{ numRuns: runs, seed, includeErrorInReport: true, ...(path === undefined ? {} : { path }) },
      // A machine with more to do than this gets through fewer.
      ...{ interruptAfterTimeLimit: timeMs, markInterruptAsFailure: false },
    })
    return { lived, broken: undefined }
  } catch (err) {
    return { lived, broken: (err as Error).message }
  }
}

const [, main, draw] = process.argv
if (main === import.meta.filename && draw !== undefined) process.send?.(await drawHistories(JSON.parse(draw) as Draw))
