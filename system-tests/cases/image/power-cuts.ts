/** Pulls the plug at random moments, of a first boot, an import and a settings change too; each time the card must come back proved. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Card } from '../../card/flash.ts'
import type { Case } from '../../case.ts'
import { bootOnce, flashCard, type Scene, type Stage, untilProved } from './scene.ts'
import type { Technician } from './technician.ts'

/** Of these, one begins with a card that was just flashed; the others change a setting. */
const CUTS_A_CARD = 5

export function powerCuts(cuts: number): Case<Stage> {
  return {
    name: 'power cuts',
    run: async (stage, steps) => {
      await cutPower({ ...stage, steps }, cuts)
      return undefined
    },
  }
}

/** @param cuts how often the plug is pulled */
async function cutPower(scene: Scene, cuts: number): Promise<void> {
  const { steps, operation, tess } = scene
  await scene.relay.start()
  let wholeBootMs = await measureBoot(scene, tess)
  let card: Card | undefined
  for (let cut = 0; cut < cuts; cut++) {
    const isFirstBoot = cut % CUTS_A_CARD === 0
    if (isFirstBoot || card === undefined) {
      card = await flashCard(scene.image, steps.folder)
      await card.write('oobm.toml', operation.provisioning)
    } else await card.write('oobm.toml', settingsOf(cut))
    const cutMs = Math.round(Math.random() * wholeBootMs * 1.1)
    const present = card
    const what = isFirstBoot ? 'the first boot' : 'a settings change'
    await steps.step(`plug pulled ${(cutMs / 1000).toFixed(1)} s into ${what}`, async () => {
      await bootOnce(scene, present, `cut-${cut}`, true, async emulator => {
        await delay(cutMs)
        await emulator.pullPlug()
      })
      const startMs = performance.now()
      let seen = ''
      await bootOnce(scene, present, `after-${cut}`, true, async () => {
        await untilProved(tess, scene.patienceMs)
        seen = await whole(tess, isFirstBoot ? 'card' : `cut-${cut}`)
      })
      // A busy machine is now slower, now faster: the next cut is spread over what a boot takes now.
      wholeBootMs = performance.now() - startMs
      return seen
    })
  }
}

/** How long a first boot takes here, until it is proved: the cuts are spread over that. */
async function measureBoot(scene: Scene, tess: Technician): Promise<number> {
  const card = await flashCard(scene.image, scene.steps.folder)
  await card.write('oobm.toml', scene.operation.provisioning)
  const startMs = performance.now()
  await bootOnce(scene, card, 'whole', true, async () => {
    await untilProved(tess, scene.patienceMs)
  })
  const ms = performance.now() - startMs
  scene.steps.note(`a whole first boot takes ${Math.round(ms / 1000)} s`)
  return ms
}

function settingsOf(cut: number): string {
  return `version = 1\n[system]\nhostname = "cut-${cut}"\n`
}

/** @throws Error unless the configuration is whole: with the last setting, and nothing half-done lying about */
async function whole(tess: Technician, hostname: string): Promise<string> {
  const seen = (
    await tess.shell('hostname; cat /run/oobm-appliance/data; cat /run/oobm-provision/fault 2>/dev/null || true')
  ).trim()
  const [name, data, ...fault] = seen.split('\n')
  if (name !== hostname || fault.length > 0)
    throw new Error(`hostname ${name}, not ${hostname}; data ${data}; ${fault}`)
  return `proved, hostname ${name}, data partition ${data}`
}
