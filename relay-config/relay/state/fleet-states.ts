/** The states that a relay shows: those of the devices, and its own; their order and colours; pure. */

import type { Paint } from '../../../cli/paint.ts'
import { reachOf, STATE_NAMES, STATES } from '../../../formats/states.ts'
import type { DeviceView } from './device-view.ts'

/** The relay's own states, worse than all of a device's. */
const OWN_STATES: Record<string, string> = {
  away: 'not connected to',
  silent: 'nothing arrives from the device, which is connected to',
  never: 'never connected to',
}
const ORDER = [...Object.keys(OWN_STATES), ...STATE_NAMES]

/** Worst first, then by name. An unknown state, of a newer version, counts as the worst. */
export function worstFirst(views: readonly DeviceView[]): DeviceView[] {
  const rank = new Map(ORDER.map((state, index) => [state, index]))
  const rankOf = ({ state }: DeviceView) => rank.get(state) ?? -1
  return views.toSorted((a, b) => rankOf(a) - rankOf(b) || (a.device < b.device ? -1 : 1))
}

export function colourOf(state: string, paint: Paint): (text: string) => string {
  return { none: paint.bad, off: paint.faint, partly: paint.poor, proved: paint.good }[reachOf(state)]
}

/** Whether nothing arrives from the device, whatever it reported last. */
export function isOutOfSight(state: string): boolean {
  return Object.hasOwn(OWN_STATES, state)
}

/**
 * @param place which relay is spoken of
 * @returns undefined for a state that this version does not know
 */
export function meaningOf(state: string, place: string): string | undefined {
  // A device may say `constructor`.
  if (Object.hasOwn(OWN_STATES, state)) return `${OWN_STATES[state]} ${place}`
  return STATE_NAMES.flatMap(known => (known === state ? STATES[known].meaning : []))[0]
}
