/** Power cuts at random moments. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Case, Steps } from '../../case.ts'
import { type Bench, expect, FACTS, makeBench, type Stage } from './bench.ts'
import type { Machine } from './machine.ts'

export function powerCutCase(cuts: number): Case<Stage> {
  return {
    name: 'power cuts at the first start',
    run: (stage, steps) => powerCuts(makeBench(stage, steps), cuts, steps),
  }
}

/** What the console says when the kernel has handed over, and before the card is first written. */
const BEGUN = /Run \/init/
const MAKING = /making the data partition/

/** At a random moment of the first start, half of the cuts while the card is written; then once more, and whole. */
async function powerCuts(bench: Bench, cuts: number, { note }: Steps) {
  const fresh = await bench.flashedCard()
  const card = join(bench.folder, 'cut.img')
  copyFileSync(fresh, card)
  const takesMs = await timeToShell(bench.powerOn(card))
  const came = new Map<string, number>()
  for (let cut = 0; cut < cuts; cut++) {
    copyFileSync(fresh, card)
    const delaysMs: number[] = []
    for (const turn of ['first', 'second']) {
      // The second time there may be nothing to make.
      const from = cut % 2 === 0 && turn === 'first' ? 'making' : 'begun'
      const machine = bench.powerOn(card)
      await machine.untilConsoleSays(from === 'making' ? MAKING : BEGUN)
      const delayMs = Math.random() * takesMs[from]
      delaysMs.push(Math.round(delayMs))
      await delay(delayMs)
      await machine.pullPlug()
    }
    const machine = await bench.start(card)
    const data = await machine.sh(`cat ${FACTS}/data`)
    const after = `after cuts ${delaysMs.join(' and ')} ms in`
    if (!['ok', 'made', 'repaired'].includes(data))
      throw new Error(`data is ${data} ${after}\n${machine.consoleText().slice(-3000)}`)
    expect(`what the image brings, ${after}`, await machine.sh('cat /etc/oobm/seed'), 'from-the-image')
    expect(`its data partition, ${after}`, await machine.sh('findmnt -no FSTYPE /data'), 'ext4')
    expect(`machine-id, ${after}`, await machine.sh('grep -cE "^[0-9a-f]{32}$" /data/kept/machine-id'), '1')
    came.set(data, (came.get(data) ?? 0) + 1)
    await machine.pullPlug()
    note(`cut ${cut + 1}: ${after}, data is ${data}`)
  }
  const [begunS, makingS] = [takesMs.begun, takesMs.making].map(ms => Math.round(ms / 1000))
  const outcomes = [...came].map(([data, times]) => `${times} ${data}`).join(', ')
  return `${outcomes}; uncut ${begunS} s, ${makingS} s of it from where the card is made`
}

/** Milliseconds of an uncut first start, as fast as this machine is now. */
async function timeToShell(machine: Machine) {
  await machine.untilConsoleSays(BEGUN)
  const begunMs = performance.now()
  await machine.untilConsoleSays(MAKING)
  const makingMs = performance.now()
  await machine.untilUp()
  const upMs = performance.now()
  await machine.pullPlug()
  return { begun: upMs - begunMs, making: upMs - makingMs }
}
