/** Relays from destinations: only a host whose key the configuration pins becomes one; pure. */
import type { DeviceConfig, RelayConfig } from '../../formats/device-config.ts'
import type { RelayLogin } from '../loop/relay-login.ts'
import { type Destination, keyFingerprint } from './read-userdata.ts'

/** A relay that userdata names, and how this device logs in there. The key is not part of the relay, which is shown and logged. */
export interface PinnedRelay {
  relay: RelayConfig
  login: RelayLogin
  /** `SHA256:…` of the key of the userdata; null where there is none. */
  key: string | null
}

export type Pinned = { ok: true; relays: PinnedRelay[] } | { ok: false; cause: string }

/** Port, login and host keys are the configuration's; where it has no port or login for a host, those of its first relay. */
export function pinDestinations(
  destinations: readonly Destination[],
  config: Pick<DeviceConfig, 'relays' | 'userdata'>,
): Pinned {
  const relays: PinnedRelay[] = []
  for (const destination of destinations) {
    const relay = relayAt(destination.host, config)
    if (relay === undefined) return { ok: false, cause: unpinned(destination.host, config) }
    const { remotePort, privateKey } = destination
    relays.push({
      relay,
      login: {
        listenerPort: remotePort,
        ...(privateKey !== undefined && { credentials: { privateKey, of: 'its userdata' } }),
      },
      key: keyFingerprint(destination),
    })
  }
  return { ok: true, relays }
}

function relayAt(
  host: string,
  { relays, userdata }: Pick<DeviceConfig, 'relays' | 'userdata'>,
): RelayConfig | undefined {
  const isIt = (one: { host: string }) => one.host.toLowerCase() === host
  const known = relays.find(isIt)
  if (known !== undefined) return { ...known }
  const pinned = userdata?.hosts.find(isIt)
  const [first] = relays
  if (pinned === undefined || first === undefined) return undefined
  return { ...pinned, port: pinned.port ?? first.port, user: pinned.user ?? first.user }
}

function unpinned(host: string, { relays, userdata }: Pick<DeviceConfig, 'relays' | 'userdata'>): string {
  const known = [...new Set([...relays, ...(userdata?.hosts ?? [])].map(one => one.host))]
  return `no host key of ${host} is pinned on this device: it must be in [[userdata.hosts]] of its settings; pinned are ${known.join(', ')}`
}
