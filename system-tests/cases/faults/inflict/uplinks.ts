/** Faults of a device with two cables. */
import { setTimeout as delay } from 'node:timers/promises'
import type { World } from '../world/world.ts'
import type { End } from './fault.ts'

/** Milliseconds with and without a carrier: of different lengths, so that sometimes one, both and none are there. */
const FLAPS = [
  { wire: 'device', upMs: 5_000, downMs: 3_000 },
  { wire: 'second', upMs: 4_000, downMs: 5_000 },
] as const

/** Both lose and find their carrier again and again. @param onFlap called at each loss */
export async function bothFlap({ network: { router } }: World, onFlap: () => void): Promise<End> {
  const ending = new AbortController()
  const turns = FLAPS.map(async ({ wire, upMs, downMs }) => {
    while (!ending.signal.aborted) {
      onFlap()
      await router.sh(`ip link set ${wire} down`)
      await delay(downMs, undefined, { signal: ending.signal }).catch(() => {})
      await router.sh(`ip link set ${wire} up`)
      await delay(upMs, undefined, { signal: ending.signal }).catch(() => {})
    }
  })
  return async () => {
    ending.abort()
    await Promise.all(turns)
  }
}
