/** One view of each device from what several relays say of it: that of the relay at which it is; pure. */
import type { DeviceView } from '../../relay/state/device-view.ts'

export interface RelayViews {
  relay: string
  views: readonly DeviceView[]
}

/** @returns a view of each device that a relay speaks of, with the relay at which it is */
export function mergeViews(said: readonly RelayViews[]): DeviceView[] {
  const byDevice = new Map<string, { relay: string; view: DeviceView }[]>()
  for (const { relay, views } of said) {
    for (const view of views) byDevice.set(view.device, [...(byDevice.get(view.device) ?? []), { relay, view }])
  }
  return [...byDevice.values()].flatMap(all => {
    const [best, ...others] = all.toSorted((a, b) => compare(a.view, b.view))
    if (best === undefined) return []
    const elsewhere = others.flatMap(({ relay, view }) => (view.connected ? [{ relay, state: view.state }] : []))
    const off = all.flatMap(({ relay, view }) => (view.off ? [relay] : []))
    // Off at all of them is said by the view itself.
    const offAt = off.length < all.length ? off : []
    return [{ ...best.view, relay: best.view.connected ? best.relay : null, elsewhere, offAt }]
  })
}

/** The first is where the device is, or was last: an older connection may remain at a relay that has not noticed. */
function compare(a: DeviceView, b: DeviceView): number {
  return rankOf(a) - rankOf(b) || silenceOf(a) - silenceOf(b) || (b.reportedAtMs ?? 0) - (a.reportedAtMs ?? 0)
}

function rankOf({ connected, state, report }: DeviceView): number {
  if (connected) return state === 'silent' ? 1 : 0
  return report === undefined ? 3 : 2
}

/** In steps, so that of two that speak the later report decides. */
function silenceOf({ heard, pace }: DeviceView): number {
  return heard && 'silentMs' in heard ? Math.floor(heard.silentMs / pace.pingMs) : 0
}
