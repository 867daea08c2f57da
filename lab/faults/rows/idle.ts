/** Rows: what a day costs while nothing happens. */

import { monotonicMs } from '../monotonic.ts'
import type { Row, Scene } from '../row.ts'
import { readTraffic } from '../world/network.ts'

const THEME = 'A day without a fault'
const DAY_S = 86_400
const MB = 1_000_000

const idle = (name: string, title: string, goal: number, world: Row['world']): Row => ({
  name,
  title,
  theme: THEME,
  ...{ lastsS: 1_200, quickS: 180 },
  attention: 'rest',
  ...(world ? { world } : {}),
  inflict: async () => async () => {},
  meanwhile: scene => countBytes(scene, goal),
  demands: { outlastMs: 0, healMs: 0, keeps: ['both'], never: /^(no-relay|unproved|no-link)$/ },
})

export const idleRows: Row[] = [
  idle('idle-wired', 'idle for 20 minutes, profile wired: at most 3 MB a day', 3 * MB, undefined),
  idle('idle-cellular', 'idle for 20 minutes, profile cellular: at most 1 MB a day', MB, { profile: 'cellular' }),
]

/** What falls into the time once by chance counts as much as it would in a day: a full length is needed to trust it. */
async function countBytes({ world, pause, full, figure, found }: Scene, goal: number): Promise<void> {
  const before = await readTraffic(world.network.router)
  const startedMs = monotonicMs()
  await pause(1000 * (full ? 1_200 : 180))
  const after = await readTraffic(world.network.router)
  const aDay = (party: 'ours' | 'peer') =>
    Math.round(((after[party].bytes - before[party].bytes) / (monotonicMs() - startedMs)) * 1000 * DAY_S)
  figure('bytes a day', aDay('ours'))
  if (after.peer.bytes > 0) figure('autossh bytes a day', aDay('peer'))
  if (aDay('ours') > goal) found(`${aDay('ours')} bytes a day, not ${goal} at most`)
}
