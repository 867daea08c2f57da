/** The order of all states that a relay shows, worst first: its own come before those of devices; pure. */
import { STATE_NAMES } from '../../../formats/states.ts'

/** The relay's own states, worse than all of a device's, as a phrase before the name of the relay. */
export const OWN_STATES: Record<string, string> = {
  away: 'not connected to',
  silent: 'nothing arrives from the device, which is connected to',
  never: 'never connected to',
}
const RANKS = new Map([...Object.keys(OWN_STATES), ...STATE_NAMES].map((state, index) => [state, index]))

/** The place of a state: below zero for an unknown one, of a newer version, which counts as the worst. */
export function rankOf(state: string): number {
  return RANKS.get(state) ?? -1
}

/** Whether nothing arrives from the device, whatever it reported last. */
export function isOutOfSight(state: string): boolean {
  return Object.hasOwn(OWN_STATES, state)
}
