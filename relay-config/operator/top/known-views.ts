/** What all followed relays say of the devices, as one; pure. */
import type { DeviceView } from '../../relay/state/device-view.ts'
import { mergeViews } from '../fleet-wide/merge-views.ts'
import { isSilent } from './draw-top.ts'

export interface Known {
  name: string
  views: ReadonlyMap<string, DeviceView>
  heardAtMs: number | undefined
}

export function viewsOf(
  relays: readonly Known[],
  nowMs: number,
): { views: DeviceView[]; isOld(view: DeviceView): boolean } {
  const silent = new Set(relays.flatMap(({ name, heardAtMs }) => (isSilent(heardAtMs, nowMs) ? [name] : [])))
  const [only, ...others] = relays
  if (only !== undefined && others.length === 0)
    return { views: [...only.views.values()], isOld: () => silent.size > 0 }
  return {
    views: mergeViews(relays.map(({ name, views }) => ({ relay: name, views: [...views.values()] }))),
    // Where none has the device, one that is not heard may.
    isOld: ({ relay }) => (typeof relay === 'string' ? silent.has(relay) : silent.size > 0),
  }
}
