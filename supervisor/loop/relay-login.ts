/** How this device logs in at a relay, and which listeners it asks for there, where that is not what its configuration says. */
import type { DeviceConfig, RelayConfig } from '../../formats/device-config.ts'
import type { Credentials } from '../ssh/connection.ts'

export interface RelayLogin {
  /** Of the shell; the port after it is the consoles'. */
  listenerPort: number
  /** The device's own where there are none. */
  credentials?: Credentials
}

/** What {@link loginAt} takes it from. */
export interface Logins {
  config: Pick<DeviceConfig, 'listenerPort'>
  credentials: Credentials
  /** Of relays that are not the configuration's. */
  logins?: ReadonlyMap<RelayConfig, RelayLogin>
}

export function loginAt({ config, credentials, logins }: Logins, relay: RelayConfig): Required<RelayLogin> {
  return { listenerPort: config.listenerPort, credentials, ...logins?.get(relay) }
}
