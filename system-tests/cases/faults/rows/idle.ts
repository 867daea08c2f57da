/** Rows: what a day costs while nothing happens. */

import { intervalsOf } from '../../../../formats/device-config.ts'
import { intervalsSchema } from '../../../../formats/device-settings.ts'
import { monotonicMs } from '../monotonic.ts'
import type { Row, Scene } from '../row.ts'
import { readTraffic } from '../world/network.ts'

const THEME = 'A day without a fault'
const DAY_S = 86_400
const MB = 1_000_000
/** Seconds. */
const FULL_S = 1_200
const QUICK_S = 180

const idle = (profile: 'wired' | 'cellular', goal: number): Row => ({
  name: `idle-${profile}`,
  title: `idle for 20 minutes, profile ${profile}: at most ${goal / MB} MB a day`,
  theme: THEME,
  ...{ lastsS: FULL_S, quickS: QUICK_S },
  attention: 'rest',
  world: { profile },
  inflict: async () => async () => {},
  meanwhile: scene => countBytes(scene, profile, goal),
  demands: { outlastMs: 0, healMs: 0, keeps: ['both'], never: /^(no-relay|unproved|no-link)$/ },
})

export const idleRows: Row[] = [idle('wired', 3 * MB), idle('cellular', MB)]

/**
 * Self-tests are hours apart: one is measured by itself, and the day's number of them is added to what the time came to.
 * What else happens less than once in the time may be missed, or count for more than it is: by the quick length, figures say so.
 */
async function countBytes(scene: Scene, profile: 'wired' | 'cellular', goal: number): Promise<void> {
  const { world, pause, full, figure, found } = scene
  const traffic = () => readTraffic(world.network.router)
  const before = await traffic()
  const startedMs = monotonicMs()
  await pause(1000 * (full ? FULL_S : QUICK_S))
  const after = await traffic()
  const elapsedS = (monotonicMs() - startedMs) / 1000
  await world.device.oobm('test')
  const selftest = (await traffic()).ours.bytes - after.ours.bytes
  const { selftestS } = intervalsOf({ profile, intervals: intervalsSchema.parse({}) })
  const ofDay = (party: 'ours' | 'peer') => ((after[party].bytes - before[party].bytes) / elapsedS) * DAY_S
  const aDay = Math.round(ofDay('ours') + (selftest * DAY_S) / selftestS)
  const by = full ? '' : ` by ${QUICK_S} s`
  figure(`bytes a day${by}`, aDay)
  figure('bytes of a self-test', selftest)
  if (after.peer.bytes > 0) figure(`autossh bytes a day${by}`, Math.round(ofDay('peer')))
  if (aDay > goal) found(`${aDay} bytes a day, not ${goal} at most`)
}
