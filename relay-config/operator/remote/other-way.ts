/** Another way to a relay for the operator's own ssh, once plain SSH could not connect: their network may block it. */
import type { Relay } from '../../fleet/fleet-config.ts'
import { hostSettings } from '../search/look-up-host.ts'
import { directProblem, httpProxyFor, thisProgram } from '../search/other-ways.ts'

export interface Place {
  relay: Relay
  /** As ssh gets it. */
  destination: string
  port: string | undefined
  /** It is the relay's host of the fleet file. */
  isOwnHost: boolean
}

/**
 * A ProxyCommand; undefined where there is no other way, where the operator has set one of their own, or where the relay's SSH
 * server answers, so that another way would change nothing.
 */
export async function otherWayOf(place: Place, signal: AbortSignal): Promise<string | undefined> {
  const { relay, destination, port, isOwnHost } = place
  const options = port === undefined ? [] : ['-p', port]
  const settings = await hostSettings(destination, options)
  if (!settings.isPlain || settings.isShared) return undefined
  const isAdmin = isOwnHost && settings.port === relay.adminPort && relay.adminTls
  if (!isAdmin && httpProxyFor(settings.hostName) === undefined) return undefined
  if ((await directProblem(settings.hostName, settings.port, signal)) === undefined) return undefined
  return `${thisProgram('reach')} --after-direct ${isAdmin ? `--admin-by ${relay.port} ` : ''}%h %p`
}
