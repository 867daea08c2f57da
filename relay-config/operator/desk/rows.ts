/** What the desk's page is told of the fleet: the one form that its program and its page share; pure. */

export interface DeskConsole {
  name: string
  /** Undefined where nobody has said. */
  open: boolean | undefined
  cause: string
  who: readonly { name: string; types: boolean; sinceMs: number }[]
  /** Milliseconds since 1970 of the last output; null for none since the bridge started, undefined where nobody has said. */
  outputAtMs: number | null | undefined
  /** The person of this desk may open it. */
  mayOpen: boolean
}

/** Texts that came from a device are cleaned and cut; the page shows them as text. */
export interface DeskDevice {
  name: string
  /** Of several relays, the one to which it is connected. */
  relay: string | undefined
  /** The device's own, or `away`, `silent`, `never`; `unknown` where the relay does not answer or does not say. */
  state: string
  cause: string
  /** Who switched access off, until when and why; undefined while it is on. */
  off: string | undefined
  provedAtMs: number | undefined
  provedBy: 'login' | 'self-test' | undefined
  sinceMs: number | undefined
  reportedAtMs: number | undefined
  uplinks: readonly { name: string; kind: string; carries: boolean; why: string; provedAtMs: number | undefined }[]
  /** Of the Wi-Fi that carries the tunnel. */
  signalDbm: number | undefined
  probeMs: number | undefined
  software: string | undefined
  consoles: readonly DeskConsole[]
  changes: readonly { atMs: number; state: string; cause: string }[]
  /** The person of this desk may open its shell. */
  mayOpenShell: boolean
}

/** What became of the signed settings that were left for a device, as its relays know it. */
export interface DeskSettings {
  /** `none` and `waiting` are the relay's word, `sent` too; the others are the device's. */
  state: string
  sinceMs: number | undefined
  /** Of the document that is at the relay. */
  serial: number | undefined
  by: string | undefined
  leftAtMs: number | undefined
  /** The serial number below which the device takes none; undefined where it has not said. */
  inForce: number | undefined
  /** What the device says; empty for nothing. */
  cause: string
}

/** How a device was over some days, as its relays keep it. */
export interface DeskTrend {
  /** Since when they do; undefined where they have nothing. */
  fromMs: number | undefined
  /** Round trips through its tunnel, oldest first. */
  trips: readonly { atMs: number; ms: number }[]
  /** When nobody could get in, oldest first; without an end while it lasts. */
  outages: readonly { fromMs: number; toMs?: number | undefined; state: string; cause: string; isHealed: boolean }[]
  /** Until it was proved again. */
  healed: { medianMs: number; longestMs: number } | undefined
}

/** One relay, and how the last question to it went. */
export interface DeskRelay {
  name: string
  askedAtMs: number | undefined
  /** Why the last question failed; its rows are as old as `askedAtMs` then. */
  problem: string | undefined
  /** A terminal may help: it asks the person for what ssh needs. */
  maySignIn: boolean
}

/** What a desk can do beside showing the fleet: a technician's folder opens consoles, the fleet file does more. */
export interface DeskMeans {
  /** Who the desk opens consoles as; undefined for nobody. */
  person: string | undefined
  /** Why no console can be opened; undefined where some can. */
  noConsoles: string | undefined
  /** It can show what was done to a device, and switch access on and off. */
  isOperator: boolean
}

/** A message of the live connection: what has changed since the last one. */
export interface FleetNews {
  nowMs: number
  means?: DeskMeans
  devices?: readonly DeskDevice[]
  gone?: readonly string[]
  relays?: readonly DeskRelay[]
}

/** @returns undefined where nothing has changed */
export function newsBetween(
  old: ReadonlyMap<string, string>,
  devices: readonly DeskDevice[],
): { devices: DeskDevice[]; gone: string[]; known: Map<string, string> } | undefined {
  const known = new Map(devices.map(device => [device.name, JSON.stringify(device)]))
  const changed = devices.filter(({ name }) => old.get(name) !== known.get(name))
  const gone = [...old.keys()].filter(name => !known.has(name))
  return changed.length === 0 && gone.length === 0 ? undefined : { devices: changed, gone, known }
}
