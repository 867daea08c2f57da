import { fork } from 'node:child_process'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { randomCases, suite } from '../../testbed/suite.ts'
import { type Draw, type Drawn, drawHistories } from './testing/draw-histories.ts'

const test = suite('random histories')

/** How many; a failing one runs alone with the seed and the path that it printed. */
const RUNS = Number(process.env.OOBM_HISTORIES ?? randomCases(10_000, 50))
const SEED = Number(process.env.OOBM_SEED ?? 20_261_126)
const PATH = process.env.OOBM_PATH
/** Each has a share of them, with a seed of its own. */
const PROCESSES = PATH === undefined && RUNS > 100 ? 2 : 1
/** Milliseconds for all of them; on an idle machine they take less than one minute. */
const TIME_MS = 180_000
/** Fewer than these prove nothing. */
const LEAST = 1_000

test(
  `what must hold holds in ${RUNS} histories, or in as many as the time allows`,
  async context => {
    const draws = Array.from({ length: PROCESSES }, (_, index): Draw => {
      return { runs: Math.ceil(RUNS / PROCESSES), seed: SEED + index, path: PATH, timeMs: TIME_MS }
    })
    const found = await Promise.all(draws.map(draw => (PROCESSES === 1 ? drawHistories(draw) : drawApart(draw))))
    for (const { broken } of found) assert.is(broken, undefined)
    const lived = found.reduce((sum, drawn) => sum + drawn.lived, 0)
    if (lived < RUNS) process.stdout.write(`lived through ${lived} histories in ${TIME_MS / 1000} s\n`)
    assert.ok(lived >= Math.min(RUNS, LEAST), `${lived} histories`)

    function drawApart(draw: Draw): Promise<Drawn> {
      const child = fork(join(import.meta.dirname, 'testing/draw-histories.ts'), [JSON.stringify(draw)], {
        execArgv: ['--import', 'tsx'],
      })
      context.cleanup(() => child.kill())
      return new Promise((resolve, reject) => {
        child.once('message', found => resolve(found as Drawn))
        child.once('error', reject)
        child.once('exit', code => reject(new Error(`a part of the histories ended with ${code} and no answer`)))
      })
    }
  },
  { timeoutMs: TIME_MS + 60_000 },
)

test.run()
