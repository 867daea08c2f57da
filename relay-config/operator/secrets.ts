/** Reads the private keys beside the fleet file. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { publicKeySchema } from '../../formats/names.ts'
import { readPrivateKeyFacts } from '../../formats/ssh-key.ts'
import { EXIT, errorCode, UserError } from '../../runtime/errors.ts'
import { reasonOf } from '../../runtime/unexpected.ts'
import { type DeviceKey, gatewayPaths, keyPath } from '../fleet/key-files.ts'

/** @throws UserError for a missing key, which says how to make it */
export async function readPrivateKey(directory: string, device: string, key: DeviceKey): Promise<string> {
  return readKeyFile(device, keyPath(directory, device, key))
}

/** Type and base64, without a comment. */
export async function readPublicKey(directory: string, device: string, key: DeviceKey): Promise<string> {
  return readPublicHalf(keyPath(directory, device, key), device)
}

/**
 * The private key has it as well, so a lost `.pub` does no harm; if both are there, they must be a pair.
 * @throws UserError
 */
async function readPublicHalf(path: string, device: string): Promise<string> {
  const ofPrivate = await ownPublicHalf(path)
  if (ofPrivate === undefined) return readPublicKeyFile(device, `${path}.pub`)
  if (!existsSync(`${path}.pub`)) return ofPrivate
  const publicKey = await readPublicKeyFile(device, `${path}.pub`)
  if (publicKey === ofPrivate) return publicKey
  const advice = 'restore the right private key from your backup; or, if it is the right one, delete the .pub'
  throw new UserError(`${path}.pub is not the public half of ${path}: ${advice}`, EXIT.configuration)
}

/** The public half that a private key in OpenSSH's format has in plain; undefined without such a key. */
async function ownPublicHalf(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return publicKeySchema.safeParse(readPrivateKeyFacts(text)?.publicKey).data
}

/** The public half of the key for a gateway device's shell: type and base64. */
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
    const advice =
      'the keys of a device in the field are in secrets/, which git does not have: restore it from your backup'
    throw new UserError(
      `${path} is missing: make it with "oobm-relay keys ${device}" if the device is new; ${advice}`,
      EXIT.configuration,
    )
  }
}
