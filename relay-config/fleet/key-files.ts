/** Where the keys of a device are beside the fleet file. */
import { join } from 'node:path'
import { SECRETS } from '../../formats/provisioning.ts'

/** The three key pairs of a device; `.pub` beside each is its public half. */
export const DEVICE_KEYS = {
  relayKey: SECRETS.relayKey.file,
  shellHostKey: SECRETS.shellHostKey.file,
  bridgeHostKey: SECRETS.bridgeHostKey.file,
} as const

export type DeviceKey = keyof typeof DEVICE_KEYS

/** Its path is `directory/DEVICE/FILE`. */
export function keyPath(directory: string, device: string, key: DeviceKey): string {
  return join(directory, device, DEVICE_KEYS[key])
}

/**
 * What a gateway device has beside its key pairs, under the names that enebular gives them: the private half that gets
 * one into its shell, with `.pub` beside it; and the public half of the device's relay key, for a relay.
 */
export function gatewayPaths(directory: string, device: string): { privateKey: string; relayPublicKey: string } {
  const path = (file: string) => join(directory, device, file)
  return { privateKey: path(`device-${device}.key`), relayPublicKey: path(`relay-server-${device}.key`) }
}
