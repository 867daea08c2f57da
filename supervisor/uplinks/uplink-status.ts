/** The uplinks as the status shows them; pure. */
import type { SupervisorStatus } from '../../formats/status-file.ts'
import type { ModemTrouble } from './dialled-modems.ts'
import { hasFailed, type Known, RETURN_MS, returnAfterMs } from './judge-uplinks.ts'

export type UplinkStatus = NonNullable<SupervisorStatus['uplinks']>[number]

/** Bytes to which a count is rounded: the status file is not to change with every packet. */
const ROUNDED = 10_000
const MINUTE_MS = 60_000

/**
 * Instants are monotonic milliseconds here.
 * @param known as they are preferred
 * @param modems that are dialled, and no uplinks now
 * @returns undefined where there is no choice to show
 */
export function uplinkStatus(
  known: readonly Known[],
  carrying: string | undefined,
  nowMs: number,
  modems: readonly ModemTrouble[] = [],
): UplinkStatus[] | undefined {
  const others = modems.filter(({ name }) => !known.some(({ uplink }) => uplink.name === name))
  const isChoice = known.length > 1 || modems.length > 0 || known.some(({ isMetered }) => isMetered)
  if (!isChoice) return undefined
  const shown = known.map((one, at) => {
    const { uplink, isMetered, provedMs, use } = one
    const carries = uplink.name === carrying
    return {
      ...{ name: uplink.name, kind: uplink.kind, metered: isMetered, carries, provedAt: provedMs ?? null },
      why: carries ? '' : (troubleOf(one) ?? whyNot(one, isBetter(at), nowMs)),
      dayBytes: isMetered && use ? Math.round(use.lastDay / ROUNDED) * ROUNDED : null,
    }
  })
  return [...shown, ...others.map(asUplink)]

  function isBetter(at: number): boolean {
    return at < known.findIndex(({ uplink }) => uplink.name === carrying)
  }

  /** What dials it knows more than the kernel does of an interface that leads nowhere. */
  function troubleOf({ uplink, isHere }: Known): string | undefined {
    return isHere ? undefined : modems.find(({ name }) => name === uplink.name)?.why
  }
}

/** One that never led out, and would if it were connected. */
function asUplink({ name, why }: ModemTrouble): UplinkStatus {
  return { name, kind: 'modem', metered: true, carries: false, provedAt: null, why, dayBytes: null }
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
