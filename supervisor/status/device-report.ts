/** The device's status as a report to the relay: the essence, with ages instead of times; pure. */
import type { DeviceReport } from '../../formats/control-protocol.ts'
import type { ConsoleStatus, SupervisorStatus } from '../../formats/status-file.ts'

/** Changes in a report: a bad night, in one line of the protocol. */
const CHANGES_MAX = 8
/** Uplinks in a report: more than a board has ports. */
const UPLINKS_MAX = 8
/** Captive portals in a report. */
const PORTALS_MAX = 4

export interface CarryingUplink {
  name: string
  /** Of a Wi-Fi. */
  signalDbm?: number | undefined
}

/**
 * @param consoles undefined while the bridge does not answer
 * @param pingS seconds between two pings of the relay: what it may expect to hear
 * @param nowMs milliseconds since 1970, by the clock that the two statuses were written with
 */
export function deviceReport(
  status: SupervisorStatus,
  consoles: ConsoleStatus | undefined,
  uplink: CarryingUplink | undefined,
  pingS: number,
  nowMs: number,
): DeviceReport {
  const ageS = (thenMs: number) => Math.min(1e10, Math.max(0, Math.round((nowMs - thenMs) / 1000)))
  const { state, cause, since, proof, sessions, software, changes, uplinks, way, portals } = status
  return {
    v: 1,
    state,
    cause: cause.slice(0, 400),
    sinceS: ageS(since),
    proofS: proof.provedAt === null ? null : ageS(proof.provedAt),
    proofBy: proof.by,
    tookMs: proof.tookMs,
    pingS,
    probeMs: proof.probeMs,
    sessions,
    software,
    uplink: uplink?.name.slice(0, 40) ?? null,
    ...(uplink?.signalDbm !== undefined && { signalDbm: uplink.signalDbm }),
    ...(way && { way: way.rung }),
    ...(uplinks && {
      uplinks: uplinks.slice(0, UPLINKS_MAX).map(({ name, kind, metered, carries, provedAt, dayBytes, why }) => {
        const provedS = provedAt === null ? null : ageS(provedAt)
        return { name: name.slice(0, 40), kind, metered, carries, provedS, dayBytes, why: why.slice(0, 80) }
      }),
    }),
    ...(portals && {
      portals: portals.slice(0, PORTALS_MAX).map(({ interface: name, page, at }) => {
        return { uplink: name?.slice(0, 40) ?? null, page: page.slice(0, 160), agoS: ageS(at) }
      }),
    }),
    consoles:
      reported(consoles)
        ?.slice(0, 64)
        .map(({ name, state, cause, sessions, lastOutputAt }) => ({
          name: name.slice(0, 40),
          open: state === 'open',
          cause: cause.slice(0, 200),
          who: sessions.slice(0, 64).map(({ technician, writer, since }) => {
            return { technician: technician.slice(0, 40), types: writer, forS: ageS(since) }
          }),
          outputS: lastOutputAt === null ? null : ageS(lastOutputAt),
        })) ?? null,
    changes: changes
      .slice(-CHANGES_MAX)
      .map(({ at, state, cause }) => ({ agoS: ageS(at), state, cause: cause.slice(0, 80) })),
  }
}

/** Spare ports are nobody's equipment: they count while somebody uses one. */
function reported(status: ConsoleStatus | undefined): ConsoleStatus['consoles'] | undefined {
  return status?.consoles.filter(({ provisional, sessions }) => !provisional || sessions.length > 0)
}
