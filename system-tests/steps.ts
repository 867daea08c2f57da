/** Scripts of steps for a machine: each is a piece of shell with a heading, run and reported by itself; pure. */
import type { Steps } from './case.ts'
import type { Machine } from './machine/machine.ts'

export interface Step {
  name: string
  /** What stands before the first heading, for each step anew, and its own lines. */
  script: string
  /** Whether the machine is started anew for it: `### [power cut] NAME`. */
  afterPowerCut: boolean
}

const HEADING = /^### (\[power cut\] )?(.*)$/

/** @param text shell, in which a line `### NAME` begins a step */
export function readSteps(text: string): Step[] {
  const [shared = '', ...pieces] = text.split(/^(?=### )/m)
  return pieces.map(piece => {
    const [, powerCut, name = ''] = HEADING.exec(piece.split('\n')[0] ?? '') ?? []
    return { name, script: `${shared}${piece}`, afterPowerCut: powerCut !== undefined }
  })
}

/** Plays steps; the first that fails ends it. @param start makes a machine that is off into one that runs */
export async function playSteps(
  steps: readonly Step[],
  start: () => Promise<Machine>,
  { essential }: Pick<Steps, 'essential'>,
): Promise<void> {
  let machine: Machine | undefined
  for (const { name, script, afterPowerCut } of steps) {
    await essential(name, async () => {
      if (afterPowerCut) await machine?.cutPower()
      if (afterPowerCut || machine === undefined) machine = await start()
      await machine.sh(script)
      return undefined
    })
  }
}
