/** What the page knows of the fleet, worst first, and who wants to hear of changes. */
import { rankOf } from '../../../relay/state/state-order.ts'
import type { DeskDevice, DeskMeans, DeskRelay, FleetNews } from '../rows.ts'

export interface FleetStore {
  devices: ReadonlyMap<string, DeskDevice>
  relays: readonly DeskRelay[]
  means: DeskMeans
  /** Milliseconds since 1970 by the clock of the desk. */
  now(): number
  /** All devices, worst first. */
  sorted(): readonly DeskDevice[]
  take(news: FleetNews): void
  /** @param listener gets the names of devices that have changed or gone */
  watch(listener: (changed: ReadonlySet<string>) => void): () => void
}

export function createStore(): FleetStore {
  const devices = new Map<string, DeskDevice>()
  const listeners = new Set<(changed: ReadonlySet<string>) => void>()
  let skewMs = 0
  let sorted: DeskDevice[] | undefined
  const store: FleetStore = {
    devices,
    relays: [],
    means: { person: undefined, noConsoles: undefined, isOperator: false },
    now: () => Date.now() + skewMs,
    sorted: () => {
      sorted ??= [...devices.values()].sort((a, b) => rankOf(a.state) - rankOf(b.state) || (a.name < b.name ? -1 : 1))
      return sorted
    },
    take: news => {
      skewMs = news.nowMs - Date.now()
      const isWhole = news.means !== undefined
      const gone = isWhole
        ? [...devices.keys()].filter(name => !news.devices?.some(one => one.name === name))
        : (news.gone ?? [])
      for (const name of gone) devices.delete(name)
      for (const device of news.devices ?? []) devices.set(device.name, device)
      const changed = new Set([...gone, ...(news.devices ?? []).map(({ name }) => name)])
      if (changed.size > 0) sorted = undefined
      if (news.means) store.means = news.means
      if (news.relays) store.relays = news.relays
      for (const listener of listeners) listener(changed)
    },
    watch: listener => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
  return store
}
