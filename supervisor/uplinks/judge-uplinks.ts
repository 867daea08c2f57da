/** Which uplink is to carry the tunnel, and when one that stands by is to be proved; pure. Times are monotonic milliseconds. */
import { UPLINK_ORDER, type UplinkSettings } from '../../formats/uplink-settings.ts'
import type { DataUse } from './data-use.ts'
import type { Uplink } from './list-uplinks.ts'

/** What is known of one uplink. */
export interface Known {
  uplink: Uplink
  isHere: boolean
  isMetered: boolean
  /** Of its last proof, on this network. */
  provedMs: number | undefined
  /** The first of its proofs without a failure between them. */
  sinceMs: number | undefined
  /** Why it could not be used while another one could. */
  failure: { atMs: number; cause: string } | undefined
  failuresInARow: number
  /** When it stopped to work after it had been proved, lately. */
  brokeMs: readonly number[]
  /** When it was proved while it stood by, in the last 24 hours. */
  askedMs: readonly number[]
  /** Another network is behind it since then. */
  cameMs: number
  use: DataUse | undefined
}

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** Proofs of a metered uplink in 24 hours, whatever the reason. */
export const METERED_PROOFS_A_DAY = 6
/** Milliseconds for which a better uplink must be proved before the tunnel goes there; twice as long for each time that it broke lately. */
export const RETURN_MS = 5 * MINUTE_MS
const RETURN_MAX_MS = 60 * MINUTE_MS
/** Milliseconds for which it is remembered that an uplink broke. */
export const BROKE_MS = 240 * MINUTE_MS
/** Milliseconds for which a failure puts an uplink behind the others. */
const FAILURE_MS = 30 * MINUTE_MS
/** Milliseconds between two proofs of an uplink that stands by. */
const EVERY_MS = { metered: DAY_MS / METERED_PROOFS_A_DAY, else: 10 * MINUTE_MS }
/** The same while a better one has to show that it lasts. */
const SHOW_MS = MINUTE_MS
/** Milliseconds before a better one is tried again, by its failures in a row. */
const AGAIN_MS = [1, 2, 5, 10].map(minutes => minutes * MINUTE_MS)
/** The same of a metered one: a modem has an address before it has dialled. */
const AGAIN_METERED_MS = [1, 5].map(minutes => minutes * MINUTE_MS)
/** Milliseconds from a change of the link to its proof: an address is often followed by a second one. */
const SETTLE_MS = 2_000
/** Milliseconds between two proofs of a link that changes again and again: so many for each proof of the last hour. */
const FLAPS = { eachMs: 20_000, maxMs: 5 * MINUTE_MS, withinMs: 60 * MINUTE_MS }

/** Uplinks as they are preferred, best first. */
export function byPreference(known: readonly Known[], settings: readonly UplinkSettings[]): Known[] {
  const orderOf = ({ uplink: { name, kind } }: Known) =>
    settings.find(entry => entry.interface === name)?.order ?? UPLINK_ORDER[kind]
  return known.toSorted(
    (a, b) =>
      orderOf(a) - orderOf(b) ||
      Number(a.isMetered) - Number(b.isMetered) ||
      Number(b.uplink.isDefault) - Number(a.uplink.isDefault) ||
      (a.uplink.name < b.uplink.name ? -1 : 1),
  )
}

/** Those that are here, in the order in which a new connection tries them: what failed lately comes last. */
export function inOrder(preferred: readonly Known[], nowMs: number): Known[] {
  return preferred
    .filter(({ isHere }) => isHere)
    .toSorted((a, b) => Number(hasFailed(a, nowMs)) - Number(hasFailed(b, nowMs)))
}

export function hasFailed({ failure, provedMs }: Known, nowMs: number): boolean {
  if (failure === undefined || (provedMs !== undefined && provedMs >= failure.atMs)) return false
  return nowMs - failure.atMs < FAILURE_MS
}

/** Milliseconds for which this one must be proved before the tunnel comes back to it. */
export function returnAfterMs({ brokeMs }: Known, nowMs: number): number {
  const times = brokeMs.filter(atMs => nowMs - atMs < BROKE_MS).length
  return Math.min(RETURN_MAX_MS, RETURN_MS * 2 ** Math.max(0, times - 1))
}

/** The best that has shown for long enough that it lasts; undefined while that is the one that carries the tunnel. */
export function betterOne(preferred: readonly Known[], carrying: string, nowMs: number): Known | undefined {
  return betterThan(preferred, carrying).find(
    known =>
      known.isHere &&
      known.provedMs !== undefined &&
      known.sinceMs !== undefined &&
      known.provedMs - known.sinceMs >= returnAfterMs(known, nowMs),
  )
}

/** Empty where the one that carries the tunnel is none of them. */
function betterThan(preferred: readonly Known[], carrying: string): readonly Known[] {
  const at = preferred.findIndex(({ uplink }) => uplink.name === carrying)
  return preferred.slice(0, Math.max(0, at))
}

/** When this one, which stands by, is to be proved; it may be past. */
export function proofDueMs(known: Known, preferred: readonly Known[], carrying: string, nowMs: number): number {
  const { askedMs, isMetered, cameMs, failuresInARow } = known
  const capMs =
    isMetered && askedMs.length >= METERED_PROOFS_A_DAY ? (askedMs.at(-METERED_PROOFS_A_DAY) ?? 0) + DAY_MS : 0
  const lastMs = askedMs.at(-1)
  if (lastMs === undefined) return Math.max(capMs, cameMs + SETTLE_MS)
  if (lastMs < cameMs) return Math.max(capMs, cameMs + SETTLE_MS, lastMs + paceMs())
  return Math.max(capMs, lastMs + waitMs())

  function paceMs(): number {
    return Math.min(FLAPS.maxMs, FLAPS.eachMs * askedMs.filter(atMs => nowMs - atMs < FLAPS.withinMs).length)
  }

  function waitMs(): number {
    const everyMs = isMetered ? EVERY_MS.metered : EVERY_MS.else
    if (isMetered && failuresInARow > 0) return AGAIN_METERED_MS[failuresInARow - 1] ?? everyMs
    if (!betterThan(preferred, carrying).includes(known)) {
      // The way back goes through the tunnel, and costs there.
      const tunnels = preferred.find(({ uplink }) => uplink.name === carrying)
      return tunnels?.isMetered ? EVERY_MS.metered : everyMs
    }
    if (failuresInARow > 0) return AGAIN_MS[Math.min(failuresInARow, AGAIN_MS.length) - 1] as number
    // Two proofs show it, where each costs.
    return isMetered ? returnAfterMs(known, nowMs) : SHOW_MS
  }
}

/** Keeps the moments of the last 24 hours. */
export function lately(askedMs: readonly number[], nowMs: number): number[] {
  return askedMs.filter(atMs => nowMs - atMs < DAY_MS)
}
