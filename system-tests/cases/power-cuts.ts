/** Power cuts at random moments, of a start or of what a board does; after each, a whole start must find everything in order. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Case, Steps } from '../case.ts'
import type { Machine } from '../machine/machine.ts'

/** From when on the time until a cut counts: power on, what the console says then, or the arrival of settings. */
export type Moment = 'power on' | 'init' | 'making the data partition' | 'right settings' | 'wrong settings'
const SAYS: Record<Moment, RegExp | undefined> = {
  'power on': undefined,
  'right settings': undefined,
  'wrong settings': undefined,
  init: /Run \/init/,
  'making the data partition': /making the data partition/,
}
/** Milliseconds from there to the end of an uncut start. */
export type Durations = Partial<Record<Moment, number>>

/** What is cut. */
export interface Target {
  /** Starts once, uncut: the cuts are spread over what that takes. */
  measure(): Promise<Durations>
  /**
   * Makes the card ready for the next cut.
   * @returns what a start will do with it, and one moment for each start that is cut
   */
  prepare(cut: number): Promise<{ what: string; cuts: Moment[] }>
  /** Switches it on; where the cut is to meet a board that runs, begins what is to be cut. */
  powerOn(): Promise<Machine>
  /**
   * Starts to the end, and looks at everything.
   * @returns what was found; and what it took, where the next cuts are to be spread over that
   */
  startWhole(cut: number): Promise<{ found: string; tookMs?: Durations }>
}

export function powerCuts<Stage>(
  cuts: number,
  open: (stage: Stage, steps: Steps) => Target | Promise<Target>,
  random: () => number = Math.random,
): Case<Stage> {
  return {
    name: 'power cuts',
    run: async (stage, steps) => {
      await cutPower(await open(stage, steps), cuts, random, steps)
      return undefined
    },
  }
}

async function cutPower(target: Target, cuts: number, random: () => number, { step, note }: Steps): Promise<void> {
  let takesMs = await target.measure()
  note(
    `uncut: ${Object.entries(takesMs)
      .map(([from, ms]) => `${seconds(ms)} from ${from}`)
      .join(', ')}`,
  )
  for (let cut = 0; cut < cuts; cut++) {
    const { what, cuts: moments } = await target.prepare(cut)
    const planned = moments.map(from => ({ from, ms: random() * (takesMs[from] ?? 0) }))
    const when = planned.map(({ from, ms }) => `${seconds(ms)} after ${from}`).join(' and ')
    await step(`${cut + 1}: ${what}, cut ${when}`, async () => {
      for (const { from, ms } of planned) {
        const machine = await target.powerOn()
        const says = SAYS[from]
        if (says) await machine.untilPrints(says)
        await delay(ms)
        await machine.cutPower()
      }
      const { found, tookMs } = await target.startWhole(cut)
      takesMs = { ...takesMs, ...tookMs }
      return found
    })
  }
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
