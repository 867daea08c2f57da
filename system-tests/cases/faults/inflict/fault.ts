/** What every fault is: something done to a world, and what ends it. */
import type { World } from '../world/world.ts'

/** Ends the fault; a fault that is a moment has nothing to end. */
export type End = () => Promise<void>

export type Inflict = (world: World) => Promise<End>

export const nothing: End = async () => {}

/** Both, one after the other; the last one ends first. */
export function both(...faults: Inflict[]): Inflict {
  return async world => {
    const ends: End[] = []
    for (const inflict of faults) ends.unshift(await inflict(world))
    return async () => {
      for (const end of ends) await end()
    }
  }
}
