import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import type { Steps } from '../case.ts'
import type { Machine } from '../machine/machine.ts'
import { powerCuts, type Target } from './power-cuts.ts'

const test = suite('power cuts')

/** A machine and a card of nothing; what is done with them is written down. */
function fakeTarget(found: (cut: number) => string) {
  const done: string[] = []
  const machine: Partial<Machine> = {
    untilPrints: async pattern => {
      done.push(`waits for ${pattern.source}`)
      return [] as unknown as RegExpMatchArray
    },
    cutPower: async () => void done.push('cut'),
  }
  const target: Target = {
    measure: async () => ({ 'power on': 200, init: 0 }),
    prepare: async cut => ({ what: `card ${cut}`, cuts: cut === 0 ? ['init', 'power on'] : ['power on'] }),
    powerOn: async () => {
      done.push('on')
      return machine as Machine
    },
    startWhole: async cut => {
      done.push('whole')
      return { found: found(cut), tookMs: { 'power on': 600 } }
    },
  }
  return { target, done }
}

async function run(found: (cut: number) => string) {
  const rows: string[] = []
  const { target, done } = fakeTarget(found)
  const step: Steps['step'] = async (name, body) => {
    const outcome = await body().catch((err: Error) => `FAIL ${err.message}`)
    rows.push(`${name}: ${outcome}`)
    return true
  }
  await powerCuts(
    2,
    () => target,
    () => 0.5,
  ).run(undefined, { step, note: () => {} } as unknown as Steps)
  return { rows, done }
}

test('cuts each start that a card is prepared for, then starts it whole', async () => {
  const { rows, done } = await run(cut => `all of ${cut}`)
  assert.equal(done, ['on', 'waits for Run \\/init', 'cut', 'on', 'cut', 'whole', 'on', 'cut', 'whole'])
  assert.match(rows[0] ?? '', /^1: card 0, cut 0\.0 s after init and 0\.1 s after power on: all of 0$/)
  assert.is(rows[1], '2: card 1, cut 0.3 s after power on: all of 1', 'spread over what the last start took')
})

test('a card that is not whole fails, and the next cut is made all the same', async () => {
  const { rows } = await run(cut => {
    if (cut === 0) throw new Error('half')
    return 'whole'
  })
  assert.match(rows.join('\n'), /^1: .*: FAIL half\n2: .*: whole$/)
})

test.run()
