/** What a power cut must leave of an image's card: a board that is proved, with its settings whole. */
import type { Fat } from '../../card/fat.ts'
import type { Durations, Target } from '../power-cuts.ts'
import { bootOnce, cardFrom, powerOn, type Scene, untilProved } from './scene.ts'
import type { Technician } from './technician.ts'

/** Of these, one begins with a card that was just flashed; the others change a setting. */
const CUTS_A_CARD = 5

export async function imageTarget(scene: Scene): Promise<Target> {
  await scene.relay.start()
  let card = await provisionedCard(scene)
  let hostname = 'card'
  const startProved = async (name: string): Promise<{ found: string; tookMs: Durations }> => {
    const startMs = performance.now()
    let found = ''
    await bootOnce(scene, card, name, 'plugged', async () => {
      await untilProved(scene.tess, scene.patienceMs)
      found = await whole(scene.tess, hostname)
    })
    // A busy machine is now slower, now faster. A cut may come a little later than all is done.
    return { found, tookMs: { 'power on': 1.1 * (performance.now() - startMs) } }
  }
  return {
    powerOn: () => powerOn(scene, card, 'cut', 'plugged'),
    measure: async () => (await startProved('uncut')).tookMs,
    prepare: async cut => {
      const isFirstStart = cut % CUTS_A_CARD === 0
      hostname = isFirstStart ? 'card' : `cut-${cut}`
      if (isFirstStart) card = await provisionedCard(scene)
      else await card.write('oobm.toml', `version = 1\n[system]\nhostname = "${hostname}"\n`)
      return { what: isFirstStart ? 'first start' : 'changed setting', cuts: ['power on'] }
    },
    startWhole: () => startProved('whole'),
  }
}

async function provisionedCard({ image, operation, steps }: Scene): Promise<Fat> {
  const card = await cardFrom(image, steps.folder)
  await card.write('oobm.toml', operation.provisioning)
  return card
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
