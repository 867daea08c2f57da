/** What a settings document says, made of the same as the device's own file: pure, its secrets in plain and unsigned. */
import type { Access, ConnectivityAsWritten } from '../../../formats/settings-document.ts'
import { fingerprint } from '../../../formats/ssh-key.ts'
import type { Device, Fleet } from '../fleet-config.ts'
import { renderDeviceConfig } from './device-config.ts'

export interface SettingsContent {
  version: 1
  device: string
  /** Of the bridge's host key: a name alone could be another board's. */
  fingerprint: string
  access: Pick<Access, 'signers'> & { technicians: unknown[] }
  /** Left out of a document that only says who gets in. */
  connectivity?: ConnectivityAsWritten
}

/** @param gatewayKey see renderDeviceConfig */
export function renderSettings(
  fleet: Fleet,
  device: Device,
  bridgeHostKey: string,
  gatewayKey?: string,
): SettingsContent {
  const config = renderDeviceConfig(fleet, device, bridgeHostKey, gatewayKey)
  const { version, device: name, technicians = [], bridge, ...connection } = config
  const { hostKey: _, ...bridgeSettings } = bridge
  return {
    version,
    device: name,
    fingerprint: fingerprint(bridgeHostKey),
    access: { signers: fleet.settings.signers, technicians },
    connectivity: { ...connection, ...(Object.keys(bridgeSettings).length > 0 && { bridge: bridgeSettings }) },
  }
}
