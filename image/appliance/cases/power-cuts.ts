/** Power cuts at random moments. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Bench, type Case, expect, FACTS } from '../bench.ts'

export function powerCutCase(cuts: number): Case {
  return { name: `${cuts} power cuts at the first start`, run: bench => powerCuts(bench, cuts) }
}

/** At a random moment of the first start, half of the cuts in the seconds in which the card is written; then once more, and whole. */
async function powerCuts(bench: Bench, cuts: number) {
  const fresh = await bench.flashedCard()
  const card = join(bench.folder, 'cut.img')
  const came = new Map<string, number>()
  for (let cut = 0; cut < cuts; cut++) {
    copyFileSync(fresh, card)
    const delaysMs: number[] = []
    for (let turn = 0; turn < 2; turn++) {
      const machine = bench.powerOn(card)
      await machine.untilConsoleSays(cut % 2 === 0 ? /mounted filesystem/ : /Run \/init/)
      const delayMs = Math.random() * (cut % 2 === 0 ? 5_000 : 12_000)
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
    process.stdout.write(`     cut ${cut + 1}: ${after}, data is ${data}\n`)
  }
  return [...came].map(([data, times]) => `${times} ${data}`).join(', ')
}
