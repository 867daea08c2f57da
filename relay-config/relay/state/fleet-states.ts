/** The states that a relay shows: those of the devices, and its own; their order and colours; pure. */

import type { Paint } from '../../../cli/paint.ts'
import { reachOf, STATE_NAMES, STATES } from '../../../formats/states.ts'
import type { DeviceView } from './device-view.ts'
import { OWN_STATES, rankOf } from './state-order.ts'

/** Worst first, then by name. An unknown state, of a newer version, counts as the worst. */
export function worstFirst(views: readonly DeviceView[]): DeviceView[] {
  return views.toSorted((a, b) => rankOf(a.state) - rankOf(b.state) || (a.device < b.device ? -1 : 1))
}

export function colourOf(state: string, paint: Paint): (text: string) => string {
  return { none: paint.bad, off: paint.faint, partly: paint.poor, proved: paint.good }[reachOf(state)]
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
