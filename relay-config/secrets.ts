/** The private keys beside the fleet file: where they are, and reading them. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EXIT, errorCode, UserError } from '../runtime/errors.ts'
import { publicKeySchema } from '../runtime/names.ts'
import { SECRETS } from '../runtime/provisioning.ts'
import { reasonOf } from '../runtime/unexpected.ts'

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

/** @throws UserError that says how to make it, when there is none */
export async function readPrivateKey(directory: string, device: string, key: DeviceKey): Promise<string> {
  return readKeyFile(device, keyPath(directory, device, key))
}

/** Type and base64, without a comment. */
export async function readPublicKey(directory: string, device: string, key: DeviceKey): Promise<string> {
  return readPublicKeyFile(device, `${keyPath(directory, device, key)}.pub`)
}

/**
 * What a gateway device has beside its key pairs, under the names that enebular gives them: the private half that gets
 * one into its shell, with `.pub` beside it; and the public half of the device's relay key, for a relay.
 */
export function gatewayPaths(directory: string, device: string): { privateKey: string; relayPublicKey: string } {
  const path = (file: string) => join(directory, device, file)
  return { privateKey: path(`device-${device}.key`), relayPublicKey: path(`relay-server-${device}.key`) }
}

/** The public half of the key that gets one into a gateway device's shell: type and base64. */
export async function readGatewayKey(directory: string, device: string): Promise<string> {
  return readPublicKeyFile(device, `${gatewayPaths(directory, device).privateKey}.pub`)
}

async function readPublicKeyFile(device: string, path: string): Promise<string> {
  const parsed = publicKeySchema.safeParse(await readKeyFile(device, path))
  if (parsed.success) return parsed.data
  throw new UserError(`${path}: ${parsed.error.issues[0]?.message}`, EXIT.configuration)
}

async function readKeyFile(device: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (err) {
    if (errorCode(err) !== 'ENOENT') throw new UserError(`cannot read ${path}: ${reasonOf(err)}`, EXIT.configuration)
    throw new UserError(`${path} is missing: make it with "oobm-relay keys ${device}"`, EXIT.configuration)
  }
}
