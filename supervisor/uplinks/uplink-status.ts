/** The uplinks as the status shows them; pure. */
import type { SupervisorStatus } from '../../formats/status-file.ts'
import { hasFailed, type Known, RETURN_MS, returnAfterMs } from './judge-uplinks.ts'

export type UplinkStatus = NonNullable<SupervisorStatus['uplinks']>[number]

/** Bytes to which a count is rounded: the status file is not to change with every packet. */
const ROUNDED = 10_000
const MINUTE_MS = 60_000

/**
 * Instants are monotonic milliseconds here.
 * @param known as they are preferred
 * @returns undefined where there is no choice to show
 */
export function uplinkStatus(
  known: readonly Known[],
  carrying: string | undefined,
  nowMs: number,
): UplinkStatus[] | undefined {
  if (known.length < 2 && !known.some(({ isMetered }) => isMetered)) return undefined
  return known.map((one, at) => {
    const { uplink, isMetered, provedMs, use } = one
    const carries = uplink.name === carrying
    return {
      ...{ name: uplink.name, kind: uplink.kind, metered: isMetered, carries, provedAt: provedMs ?? null },
      why: carries ? '' : whyNot(one, at < known.findIndex(({ uplink }) => uplink.name === carrying), nowMs),
      dayBytes: isMetered && use ? Math.round(use.lastDay / ROUNDED) * ROUNDED : null,
    }
  })
}

function whyNot(known: Known, isBetter: boolean, nowMs: number): string {
  if (!known.isHere) return 'no carrier, no address or no default route'
  if (known.failure && hasFailed(known, nowMs)) return known.failure.cause
  if (known.provedMs === undefined) return 'not proved yet'
  if (!isBetter) return 'stands by'
  const afterMs = returnAfterMs(known, nowMs)
  const often = afterMs > RETURN_MS ? ', as it broke lately' : ''
  return `must be proved for ${Math.round(afterMs / MINUTE_MS)} minutes before the tunnel comes back${often}`
}
